"""AWS::EC2, where LocalStack has nothing."""

from localprocs.cloudformation.api_type import api_type, ec2_tags
from localprocs.cloudformation.resource_type import Properties

FLOW_LOG_PROPERTIES = (
    "ResourceId", "ResourceType", "TrafficType", "LogDestination", "LogDestinationType", "LogGroupName",
    "DeliverLogsPermissionArn", "LogFormat", "MaxAggregationInterval",
)  # fmt: skip


def _one_resource(properties: Properties) -> list[str]:
    return [properties["ResourceId"]]


TYPES = [
    api_type(
        "AWS::EC2::EIP",
        "ec2",
        reference="PublicIp",
        create="allocate_address",
        delete="release_address",
        key={"AllocationId": "AllocationId"},
        arguments={"TagSpecifications": ec2_tags("elastic-ip")},
        attributes={"PublicIp": "PublicIp", "AllocationId": "AllocationId"},
        replaced_by=("Domain", "NetworkBorderGroup"),
    ),
    api_type(
        "AWS::EC2::FlowLog",
        "ec2",
        reference="Id",
        create="create_flow_logs",
        delete="delete_flow_logs",
        key={"FlowLogIds": lambda properties: [properties["Id"]]},
        arguments={"ResourceIds": _one_resource, "TagSpecifications": ec2_tags("vpc-flow-log")},
        attributes={"Id": "FlowLogIds[0]"},
        replaced_by=FLOW_LOG_PROPERTIES,
    ),
]
