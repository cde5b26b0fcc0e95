"""What the tests of queues share."""

import pytest
from localprocs.queue_kinds import order_messages_of_one_moment
from localstack.services.sqs.models import SqsMessage


@pytest.fixture(autouse=True)
def _messages_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are as they are in the emulator."""
    monkeypatch.setattr(SqsMessage, "is_delayed", SqsMessage.is_delayed)
    monkeypatch.setattr(SqsMessage, "__lt__", SqsMessage.__lt__)
    order_messages_of_one_moment()
