"""A client that dies while it waits for a message takes none with it."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.patience import until

POLLER = """
import boto3, sys
sqs = boto3.Session("test", "test", region_name="us-east-1").client("sqs", endpoint_url=sys.argv[2])
print("asks", flush=True)
sqs.receive_message(QueueUrl=sys.argv[1], WaitTimeSeconds=20, MaxNumberOfMessages=10)
"""


@pytest.fixture(params=[True, False], ids=["fifo", "standard"])
def queue(request: pytest.FixtureRequest, emulator: Clients) -> Iterator[tuple[str, dict[str, str]]]:
    """A queue of each kind, and what a message on it needs."""
    name, kind = f"queue-{uuid4().hex[:8]}", {"FifoQueue": "true"} if request.param else {}
    made = emulator.sqs.create_queue(
        QueueName=name + (".fifo" if request.param else ""), Attributes={"VisibilityTimeout": "300", **kind}
    )
    yield made["QueueUrl"], {"MessageGroupId": "a", "MessageDeduplicationId": "1"} if request.param else {}
    emulator.sqs.delete_queue(QueueUrl=made["QueueUrl"])


def test_what_a_killed_clients_poll_would_have_got_goes_to_others_at_once(
    emulator: Clients, clock: Clock, queue: tuple[str, Any]
) -> None:
    """Not after its visibility time-out of 300 s, and as received for the first time."""
    url, needs = queue
    command = [sys.executable, "-c", POLLER, url, str(emulator.endpoint_url)]
    with subprocess.Popen(command, env=clock.env(), stdout=subprocess.PIPE, text=True) as poller:
        assert poller.stdout is not None
        assert poller.stdout.readline() == "asks\n"
        begun = clock.now()
        until(lambda: clock.now() > begun + 5, what="five seconds of its poll")
        poller.kill()

    emulator.sqs.send_message(QueueUrl=url, MessageBody="hello", **needs)
    sent = clock.now()
    got = until(
        lambda: emulator.sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"]).get("Messages"),
        what="the message",
    )
    assert clock.now() < sent + 60
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "1"
