"""Statements that several roles share. Grants are written by hand: a role holds what its code calls, no more."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from huntaze_scraper.metric_names import NAMESPACE


def allow(actions: list[str], *resources: str, **conditions: dict[str, object]) -> iam.PolicyStatement:
    """Allow the actions on the resources; conditions are written ``StringEquals={key: value}``."""
    operators = {name.replace("__", ":"): value for name, value in conditions.items()}
    return iam.PolicyStatement(actions=actions, resources=list(resources), conditions=operators or None)


def publish_metrics() -> iam.PolicyStatement:
    """Allow metrics in our namespace: PutMetricData knows no resource, so the condition is the limit."""
    return allow(["cloudwatch:PutMetricData"], "*", StringEquals={"cloudwatch:namespace": NAMESPACE})


def use_key(key: kms.IKey, *services: str, write: bool = True) -> iam.PolicyStatement:
    """Allow the key through the named services alone, never by itself."""
    actions = ["kms:Decrypt", "kms:GenerateDataKey"] if write else ["kms:Decrypt"]
    through = [f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}" for service in services]
    return allow(actions, key.key_arn, StringEquals={"kms:ViaService": through})


def items(actions: list[str], table_arn: str, *prefixes: str) -> iam.PolicyStatement:
    """Allow the actions on the table's items whose key has one of the prefixes."""
    keys = {"dynamodb:LeadingKeys": [f"{prefix}*" for prefix in prefixes]}
    return allow(actions, table_arn, ForAllValues__StringLike=keys)
