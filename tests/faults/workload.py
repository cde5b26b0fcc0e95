"""What is to be done while things go wrong."""

from collections.abc import Iterable
from itertools import count

from emulator.harness.pipeline import Pipeline, SentJob

ACCOUNTS = ("creator-01", "creator-02", "creator-03", "creator-04") * 3 + ("creator-05", "creator-06")
"""Whose messages are sent, in this order: the last ones go in the second minute, and their accounts log in then."""

_numbers = count()


def send_workload(pipeline: Pipeline, accounts: Iterable[str] = ACCOUNTS) -> list[SentJob]:
    """Send a message of each account, to different fans, every text its own."""
    return [
        pipeline.send(
            {
                "action": "send_message",
                "creator_id": account,
                "user_id": f"fan-{1 + number % 10:03}",
                "message_content": f"Message no. {number:02} of the campaign",
            }
        )
        for account, number in zip(accounts, _numbers, strict=False)
    ]
