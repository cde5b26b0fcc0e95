"""What there is in an account: to see that an application leaves nothing behind."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jmespath

LISTS: Mapping[str, tuple[str, str, str]] = {
    "queues": ("sqs", "list_queues", "QueueUrls"),
    "topics": ("sns", "list_topics", "Topics[].TopicArn"),
    "subscriptions": ("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    "functions": ("lambda", "list_functions", "Functions[].FunctionName"),
    "mappings": ("lambda", "list_event_source_mappings", "EventSourceMappings[].UUID"),
    "log groups": ("logs", "describe_log_groups", "logGroups[].logGroupName"),
    "metric filters": ("logs", "describe_metric_filters", "metricFilters[].filterName"),
    "tables": ("dynamodb", "list_tables", "TableNames"),
    "buckets": ("s3", "list_buckets", "Buckets[].Name"),
    "buses": ("events", "list_event_buses", "EventBuses[].Name"),
    "rules": ("events", "list_rules", "Rules[].Name"),
    "state machines": ("stepfunctions", "list_state_machines", "stateMachines[].stateMachineArn"),
    "APIs": ("apigateway", "get_rest_apis", "items[].id"),
    "roles": ("iam", "list_roles", "Roles[].RoleName"),
    "clusters": ("ecs", "list_clusters", "clusterArns"),
    "task definitions": ("ecs", "list_task_definitions", "taskDefinitionArns"),
    "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    "VPCs": ("ec2", "describe_vpcs", "Vpcs[].VpcId"),
    "subnets": ("ec2", "describe_subnets", "Subnets[].SubnetId"),
    "gateways": ("ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    "internet gateways": ("ec2", "describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
    "addresses": ("ec2", "describe_addresses", "Addresses[].AllocationId"),
    "security groups": ("ec2", "describe_security_groups", "SecurityGroups[].GroupId"),
    "stacks": ("cloudformation", "describe_stacks", "Stacks[].StackName"),
}
"""What to list: the service, its operation, and where the names stand in the answer (JMESPath)."""


def inventory(client: Callable[[str], Any]) -> dict[str, set[str]]:
    """List everything, by kind."""
    return {kind: set(_names(client(service), *how)) for kind, (service, *how) in LISTS.items()}


def new(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return what is there that was not, by kind."""
    return {kind: names - before[kind] for kind, names in after.items() if names - before[kind]}


def _names(client: Any, operation: str, path: str) -> Iterable[str]:
    if client.can_paginate(operation):
        return client.get_paginator(operation).paginate().search(f"{path}[]" if path.isalpha() else path)  # type: ignore[no-any-return]
    return jmespath.search(path, getattr(client, operation)()) or []
