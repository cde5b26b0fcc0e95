"""What the worker's tests share: logging as it was before, AWS in moto, a clock that is moved by hand."""

from collections.abc import Iterator

import pytest

from tests.unit.aws import aws_client, state_table
from tests.unit.hand_clock import HandClock
from tests.unit.telemetry.conftest import logging_as_before

__all__ = ["logging_as_before"]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A state table and a bucket."""
    with state_table(monkeypatch):
        aws_client("s3").create_bucket(Bucket="bucket")
        yield


@pytest.fixture
def clock() -> HandClock:
    """One for a test."""
    return HandClock()
