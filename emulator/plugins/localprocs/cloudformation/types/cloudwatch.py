"""AWS::CloudWatch."""

from localprocs.cloudformation.api_type import api_type
from localprocs.cloudformation.resource_type import Call, Properties, ResourceType


def _alarm(operation: str) -> object:
    def put(call: Call) -> Properties:
        client = call.client("cloudwatch")
        name = call.properties.setdefault("AlarmName", call.generated_name())
        getattr(client, operation)(**call.properties)
        found = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return {"Arn": (found["MetricAlarms"] + found["CompositeAlarms"])[0]["AlarmArn"]}

    return put


def _delete_alarm(call: Call) -> None:
    call.client("cloudwatch").delete_alarms(AlarmNames=[call.properties["AlarmName"]])


TYPES = [
    ResourceType(name, "AlarmName", _alarm(operation), _delete_alarm, _alarm(operation), ("AlarmName",), ("Arn",))
    for name, operation in (
        ("AWS::CloudWatch::Alarm", "put_metric_alarm"),
        ("AWS::CloudWatch::CompositeAlarm", "put_composite_alarm"),
    )
] + [
    api_type(
        "AWS::CloudWatch::Dashboard",
        "cloudwatch",
        reference="DashboardName",
        create="put_dashboard",
        update="put_dashboard",
        delete="delete_dashboards",
        key={"DashboardNames": lambda properties: [properties["DashboardName"]]},
        named="DashboardName",
        replaced_by=("DashboardName",),
    ),
]
