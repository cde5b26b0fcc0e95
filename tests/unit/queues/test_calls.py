"""Batch calls: what becomes of each entry."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from huntaze_scraper.queues import calls
from huntaze_scraper.queues.calls import Failed


class Answering:
    """A client that gives one answer."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.entries: list[Any] = []

    def send_message_batch(self, *, Entries: list[Any], **_: str) -> Any:  # noqa: N803
        self.entries = Entries
        return self.answer

    change_message_visibility_batch = send_message_batch


@pytest.mark.parametrize("call", [
    lambda client: calls.send(client, "https://q", [{"MessageBody": body} for body in "abc"]),
    lambda client: calls.change_visibility(client, "https://q", [(handle, 5) for handle in "abc"]),
])  # fmt: skip
def test_every_entry_has_an_end(call: Any) -> None:
    """One that the reply names as failed is, and so is one of which it says nothing."""
    client = Answering(Successful=[{"Id": "2"}], Failed=[{"Id": "1", "Code": "InternalError", "SenderFault": False}])

    assert call(client) == [Failed(1, "InternalError", sender_fault=False), Failed(0, "NoAnswer", sender_fault=False)]
    assert [entry["Id"] for entry in client.entries] == ["0", "1", "2"]


def answered(status: int) -> ClientError:
    response: Any = {"Error": {"Code": "Some"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "SendMessageBatch")


@pytest.mark.parametrize(
    ("error", "is_refusal", "code"),
    [
        (answered(400), True, "Some"),
        (answered(403), True, "Some"),
        (answered(500), False, "Some"),
        (answered(503), False, "Some"),
        (ReadTimeoutError(endpoint_url="https://sqs"), False, "ReadTimeoutError"),
    ],
)
def test_a_refusal_is_told_from_a_call_whose_end_nobody_knows(error: Exception, is_refusal: bool, code: str) -> None:
    """After the second the message may be on the queue."""
    assert (calls.is_refusal(error), calls.code(error)) == (is_refusal, code)
