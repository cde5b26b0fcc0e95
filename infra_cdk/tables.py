"""The tables: keyed by text, expiring, recoverable, encrypted by our key, billed by request, kept whatever happens."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct


def table(scope: Construct, name: str, key: kms.IKey, sort_key: str | None = None) -> dynamodb.Table:
    """Make a table with the key ``pk``, and a sort key where one is named."""
    text = dynamodb.AttributeType.STRING
    return dynamodb.Table(
        scope,
        name,
        partition_key=dynamodb.Attribute(name="pk", type=text),
        sort_key=dynamodb.Attribute(name=sort_key, type=text) if sort_key else None,
        time_to_live_attribute="expires_at",
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
