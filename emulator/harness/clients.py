"""Clients of what runs on this machine: boto3's for one endpoint, made when first asked for, and one of plain HTTP."""

import ssl
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
import httpx
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
http_client = httpx.Client(
    timeout=30,
    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    limits=httpx.Limits(max_keepalive_connections=0),
)
"""For plain HTTP: it trusts no certificate, since reading the machine's takes 24 ms of CPU. Each request has a connection
of its own, since servers here are killed and come back at the same port."""


class Clients:
    """Clients with the emulator's administrator credentials, or with those of a session."""

    def __init__(self, endpoint_url: str | None, region: str = REGION, session: boto3.Session | None = None) -> None:
        """Remember where the cloud is (None leaves it to boto3); nothing is called yet."""
        self.endpoint_url = endpoint_url
        self._session = session or boto3.Session("test", "test", region_name=region)
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=5,
            read_timeout=75,
            max_pool_connections=50,
            s3={"addressing_style": "path"},
        )

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        return self._session.client("application-autoscaling", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return self._session.client("cloudwatch", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def ecr(self) -> "ECRClient":
        return self._session.client("ecr", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def ecs(self) -> "ECSClient":
        return self._session.client("ecs", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def iam(self) -> "IAMClient":
        return self._session.client("iam", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        return self._session.client("lambda", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self._session.client("logs", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def sns(self) -> "SNSClient":
        return self._session.client("sns", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def ssm(self) -> "SSMClient":
        return self._session.client("ssm", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def sts(self) -> "STSClient":
        return self._session.client("sts", endpoint_url=self.endpoint_url, config=self._config)
