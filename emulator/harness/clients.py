"""Clients of what runs on this machine: boto3's, of all that the tests look at, and one of plain HTTP."""

import ssl
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import httpx

from huntaze_scraper.operations import clients

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
http_client = httpx.Client(
    timeout=30,
    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    limits=httpx.Limits(max_keepalive_connections=0),
)
"""For plain HTTP: it trusts no certificate, since reading the machine's takes 24 ms of CPU. Each request has a connection
of its own, since servers here are killed and come back at the same port."""


class Clients(clients.Clients):
    """Clients with the emulator's administrator credentials, or with those of a session."""

    def __init__(self, endpoint_url: str | None, region: str = REGION, session: boto3.Session | None = None) -> None:
        """Remember where the cloud is (None leaves it to boto3); nothing is called yet."""
        super().__init__(session or boto3.Session("test", "test", region_name=region), endpoint_url)

    def connect(self, service: str, _place: object = None) -> Any:
        """Return the client of a service by its name, for who deploys."""
        return getattr(self, service)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def iam(self) -> "IAMClient":
        return self._session.client("iam", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def sns(self) -> "SNSClient":
        return self._session.client("sns", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def ssm(self) -> "SSMClient":
        return self._session.client("ssm", endpoint_url=self.endpoint_url, config=self._config)
