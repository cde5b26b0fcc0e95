"""Clients of moto's AWS in this process, made once: to make one takes a tenth of a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import moto.core  # noqa: F401 - only clients that are made after it are moto's
import pytest
from moto import mock_aws

from emulator.harness.clients import Clients


@cache
def aws_client(name: str) -> Any:
    """Return the service's client; it answers while moto's AWS stands."""
    return boto3.client(  # type: ignore[call-overload]
        name, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@cache
def aws_clients() -> Clients:
    """Return those of all services."""
    return Clients(None, session=boto3.Session("test", "test", region_name="us-east-1"))


@contextmanager
def moto_aws() -> Iterator[None]:
    """Have an AWS that holds nothing, for boto3: to answer ``requests`` too would take longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.core.models.RESPONSES_METHODS", [])
        with mock_aws():
            yield


@contextmanager
def state_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Have an AWS that holds nothing but a table "state", keyed by "pk"; its client."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with moto_aws():
        client = aws_client("dynamodb")
        client.create_table(
            TableName="state",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        yield client
