"""AWS::ApplicationAutoScaling."""

from localprocs.cloudformation.api_type import api_type, tag_map
from localprocs.cloudformation.resource_type import Call, Properties, ResourceType

SERVICE = "application-autoscaling"
TARGET = ("ResourceId", "ScalableDimension", "ServiceNamespace")


def _register(call: Call) -> Properties:
    client = call.client(SERVICE)
    wanted = {name: value for name, value in call.properties.items() if name not in ("Tags", "ScheduledActions")}
    answer = client.register_scalable_target(**wanted, **_tags(call))
    which = {name: call.properties[name] for name in TARGET}
    actions = {action["ScheduledActionName"]: action for action in call.properties.get("ScheduledActions", [])}
    for action in call.before.get("ScheduledActions", []):
        if action["ScheduledActionName"] not in actions:
            client.delete_scheduled_action(ScheduledActionName=action["ScheduledActionName"], **which)
    for action in actions.values():
        client.put_scheduled_action(**which, **action)
    return {"Id": "|".join(which.values()), "ScalableTargetARN": answer.get("ScalableTargetARN")}


def _tags(call: Call) -> Properties:
    tags = tag_map(call.properties)
    return {"Tags": tags} if tags and not call.before else {}


def _deregister(call: Call) -> None:
    call.client(SERVICE).deregister_scalable_target(**{name: call.properties[name] for name in TARGET})


def _part(index: int) -> object:
    def read(properties: Properties) -> object:
        if target := properties.get("ScalingTargetId"):
            return target.split("|")[index]
        return properties.get(TARGET[index])

    return read


TYPES = [
    ResourceType(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "Id",
        _register,
        _deregister,
        _register,
        replaced_by=TARGET,
    ),
    api_type(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        SERVICE,
        reference="Arn",
        create="put_scaling_policy",
        update="put_scaling_policy",
        delete="delete_scaling_policy",
        key={"PolicyName": "PolicyName", **{name: _part(index) for index, name in enumerate(TARGET)}},
        arguments={name: _part(index) for index, name in enumerate(TARGET)},
        attributes={"Arn": "PolicyARN"},
        replaced_by=("PolicyName", "ScalingTargetId", *TARGET),
    ),
]
