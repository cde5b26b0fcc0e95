"""Asynchronous invocations: each event is worked on once at a time, whatever the clock does meanwhile."""

import threading
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.lambda_runtime import event_poller
from localstack.services.lambda_.invocation import event_manager
from localstack.services.lambda_.invocation.event_manager import SQSInvocation
from localstack.services.lambda_.invocation.internal_sqs_queue import FakeSqsClient, QueueManager
from localstack.services.lambda_.invocation.lambda_models import Invocation, InvocationResult
from localstack.utils.xray.trace_header import TraceHeader

PATIENCE_SECONDS = 30
QUEUE = "events"


class Function:
    """Stands for a version's manager: its invocations wait until they are let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.invoked: list[str] = []
        self.error: Exception | None = None
        config = SimpleNamespace(timeout=3, capacity_provider_config=None, package_type="Zip")
        identity = SimpleNamespace(function_name="f", qualifier="$LATEST")
        self.function_version = SimpleNamespace(config=config, id=identity, qualified_arn="arn")
        self.function = SimpleNamespace(event_invoke_configs={}, reserved_concurrent_executions=None)
        self.function_arn = "arn"

    def invoke(self, *, invocation: Invocation) -> InvocationResult:
        self.invoked.append(invocation.request_id)
        self.begun.release()
        assert self.let_go.wait(PATIENCE_SECONDS)
        if self.error:
            raise self.error
        return InvocationResult(invocation.request_id, b"{}", is_error=False, logs="")


@pytest.fixture
def function() -> Function:
    """A function that nobody has called."""
    return Function()


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> FakeSqsClient:
    """LocalStack's own queues for events."""
    client = FakeSqsClient(QueueManager())
    client.create_queue(QUEUE)
    monkeypatch.setattr(event_manager, "get_sqs_client", lambda *_, **__: client)
    return client


@pytest.fixture
def poller(function: Function, queues: FakeSqsClient) -> Any:
    """A poller at work."""
    made = event_poller.QuietPoller(function, QUEUE)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made
    function.let_go.set()
    made.stop()
    thread.join(PATIENCE_SECONDS)


def send(queues: FakeSqsClient, request_id: str) -> None:
    """Call the function asynchronously."""
    invocation = Invocation(b"{}", "arn", None, "Event", datetime.now(), request_id, {})  # noqa: DTZ005 - as LocalStack's
    invocation.trace_context["aws_trace_header"] = TraceHeader().ensure_root_exists()
    queues.send_message(QUEUE, SQSInvocation(invocation).encode(), DelaySeconds=0)


def leap_over_visibility(queue: Any) -> None:
    """Let the time of whatever is in flight come."""
    for message in list(queue.inflight):
        message.visibility_deadline = 0
    queue.requeue_inflight_messages()


def test_an_event_under_way_is_not_run_again(poller: Any, function: Function, queues: FakeSqsClient) -> None:
    """However often its visibility time-out passes; when it is done, the queue has nothing left."""
    queue = queues.queue_manager.get_queue(QUEUE)
    send(queues, "first")
    assert function.begun.acquire(timeout=PATIENCE_SECONDS)
    for _ in range(3):
        leap_over_visibility(queue)
    send(queues, "second")  # whatever came back was received before it
    assert function.begun.acquire(timeout=PATIENCE_SECONDS)

    function.let_go.set()
    poller.invoker_pool.shutdown(wait=True)

    assert function.invoked == ["first", "second"]
    leap_over_visibility(queue)
    assert queue.approximate_number_of_messages == 0


def test_a_poll_that_finds_nothing_is_no_failure(
    function: Function, queues: FakeSqsClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """LocalStack's own client then answers with None for the messages, and the next poll follows at once."""
    monkeypatch.setattr(event_poller, "LONGEST_POLL_SECONDS", 0)
    poller = event_poller.QuietPoller(function, QUEUE)
    polls = iter(range(3))

    def receive(original: Any = queues.receive_message, **wanted: Any) -> Any:
        if next(polls, None) is None:
            poller._shutdown_event.set()
        return original(**wanted)

    monkeypatch.setattr(queues, "receive_message", receive)

    poller.run()

    assert not caplog.records


def test_what_cannot_be_run_is_tried_ever_later(function: Function, queues: FakeSqsClient) -> None:
    """After 1, 2, 4 s and so on, as AWS does, five minutes at most: a broken role makes no storm."""
    poller = event_poller.QuietPoller(function, QUEUE)
    queue = queues.queue_manager.get_queue(QUEUE)
    function.error = RuntimeError("no role")
    function.let_go.set()
    send(queues, "event")
    delays = []
    for _ in range(11):
        for message in queue.delayed.copy():
            queue.delayed.remove(message)
            queue._put_message(message)
        (received,) = queues.receive_message(QUEUE)["Messages"]
        poller.handle_message(received)
        delays += [it.delay_seconds for it in queue.delayed]

    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
