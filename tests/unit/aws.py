"""Clients of moto's AWS in this process, made once: to make one takes a tenth of a second."""

from functools import cache
from typing import Any

import boto3
import moto.core  # noqa: F401 - only clients that are made after it are moto's

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
