"""The poller, against a queue and a function of a few lines."""

import threading

from localprocs.event_source_mapping.queue_poller import MappingSettings, QueuePoller

SETTINGS = MappingSettings("arn:aws:sqs:us-east-1:1:q", "url", 10, 0, 2, 10)
PATIENCE = 10


class Queue:
    """Gives one message a receive; deleted ones are remembered."""

    def __init__(self, bodies):
        """Hold the messages."""
        self.waiting = list(bodies)
        self.deleted = []
        self.lock = threading.Lock()
        self.given_back = []

    def receive_message(self, **_):
        """Take the next one."""
        with self.lock:
            if not self.waiting:
                return {}
            body = self.waiting.pop(0)
        return {"Messages": [{"MessageId": body, "ReceiptHandle": body, "Body": body, "MD5OfBody": ""}]}

    def delete_message_batch(self, Entries, **_):  # noqa: N803 - boto3's name
        """Remember what was deleted."""
        self.deleted += [each["ReceiptHandle"] for each in Entries]
        return {}

    def change_message_visibility(self, ReceiptHandle, **_):  # noqa: N803 - boto3's name
        """Remember what was given back."""
        self.given_back.append(ReceiptHandle)


class Invoker:
    """Holds each batch until it is told to go on."""

    def __init__(self, failing=()):
        """Begin with no batch."""
        self.running = 0
        self.most = 0
        self.failing = set(failing)
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.lock = threading.Lock()

    def failed(self, records, _patience):
        """Count the batches at once."""
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.entered.release()
        assert self.go_on.acquire(timeout=PATIENCE)
        with self.lock:
            self.running -= 1
        return {each["messageId"] for each in records} & self.failing


def run(poller):
    """Poll in a thread."""
    thread = threading.Thread(target=poller.poll_events, daemon=True)
    thread.start()
    return thread


def test_no_more_batches_run_than_the_mapping_allows():
    """A message that there is no room for stays in the queue, unreceived."""
    queue, invoker, stopping = Queue("abcd"), Invoker(), threading.Event()
    thread = run(QueuePoller(SETTINGS, queue, invoker, lambda _: True, stopping, lambda: None))

    assert all(invoker.entered.acquire(timeout=PATIENCE) for _ in range(2))
    assert queue.waiting == ["c", "d"]
    for _ in range(4):
        invoker.go_on.release()
    assert all(invoker.entered.acquire(timeout=PATIENCE) for _ in range(2))
    stopping.set()
    thread.join(PATIENCE)

    assert invoker.most == SETTINGS.concurrency


def test_what_failed_stays_in_the_queue():
    """Only what succeeded is deleted."""
    queue, invoker, stopping = Queue("ab"), Invoker(failing="b"), threading.Event()
    poller = QueuePoller(SETTINGS, queue, invoker, lambda _: True, stopping, lambda: None)
    run(poller)
    for _ in range(2):
        assert invoker.entered.acquire(timeout=PATIENCE)
        invoker.go_on.release()
    stopping.set()
    poller._batches.shutdown(wait=True)

    assert queue.deleted == ["a"]


def test_a_message_that_no_filter_wants_is_deleted_without_an_invocation():
    """Lambda drops what the filter leaves out."""
    queue, stopping = Queue("a"), threading.Event()
    poller = QueuePoller(SETTINGS, queue, Invoker(), lambda _: False, stopping, lambda: None)
    poller._carry_out(poller._receive_batch())

    assert queue.deleted == ["a"]
