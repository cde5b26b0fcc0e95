"""Statements that several roles share. Grants are written by hand: a role holds what its code calls, no more."""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from huntaze_scraper.metric_names import NAMESPACE
from huntaze_scraper.state.keys import Kind

type Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


def allow(actions: list[str], *resources: str, when: Conditions | None = None) -> iam.PolicyStatement:
    """Allow the actions on the resources, under the conditions where there are any."""
    return iam.PolicyStatement(actions=actions, resources=list(resources), conditions=when)


def publish_metrics() -> iam.PolicyStatement:
    """Allow metrics in our namespace: PutMetricData knows no resource, so the condition is the limit."""
    return allow(["cloudwatch:PutMetricData"], "*", when={"StringEquals": {"cloudwatch:namespace": NAMESPACE}})


def use_key(key_arn: str, *services: str, write: bool = True) -> iam.PolicyStatement:
    """Allow the key through the named services alone, never by itself."""
    actions = ["kms:Decrypt", "kms:GenerateDataKey"] if write else ["kms:Decrypt"]
    through = [f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}" for service in services]
    return allow(actions, key_arn, when={"StringEquals": {"kms:ViaService": through}})


def items(actions: list[str], table_arn: str, *kinds: Kind) -> iam.PolicyStatement:
    """Allow the actions on the table's items of these kinds."""
    keys = [f"{kind.prefix}*" for kind in kinds]
    return allow(actions, table_arn, when={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}})


def from_this_account() -> Conditions:
    """Trust a service only when it acts for this account: no other account may aim it at our roles."""
    return {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


def role(scope: Construct, name: str, service: str, statements: list[iam.PolicyStatement]) -> iam.Role:
    """Make a role for the service with the statements inside it: nothing that assumes it can come before them."""
    return iam.Role(
        scope,
        name,
        assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=from_this_account()),
        inline_policies={name: iam.PolicyDocument(statements=statements)},
    )
