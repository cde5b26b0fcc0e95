"""The table of resource types, a module a service."""

from localprocs.cloudformation.resource_type import ResourceType
from localprocs.cloudformation.types import (
    autoscaling,
    cloudwatch,
    dynamodb,
    ec2,
    ecr,
    ecs,
    iam,
    kms,
    logs,
    secretsmanager,
)

TYPES: dict[str, ResourceType] = {
    kind.name: kind
    for module in (autoscaling, cloudwatch, dynamodb, ec2, ecr, ecs, iam, kms, logs, secretsmanager)
    for kind in module.TYPES
}
