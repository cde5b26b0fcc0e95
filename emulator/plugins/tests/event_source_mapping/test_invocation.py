"""Batches and a function that is throttled, or fails."""

import io

import pytest
from botocore.exceptions import ClientError
from localprocs.event_source_mapping import invocation
from localprocs.event_source_mapping.invocation import BatchInvoker


class Clock:
    """A clock that sleeping moves."""

    def __init__(self):
        """Begin at zero."""
        self.now = 0.0
        self.pauses = []

    def monotonic(self):
        """Return the time."""
        return self.now

    def sleep(self, seconds):
        """Move the time."""
        self.pauses.append(seconds)
        self.now += seconds


class Client:
    """Throttles as often as it is told, then answers."""

    def __init__(self, throttles, **answer):
        """Remember the answer."""
        self.throttles = throttles
        self.answer = answer

    def invoke(self, **_):
        """Answer."""
        if self.throttles:
            self.throttles -= 1
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
        return {"Payload": io.BytesIO(b""), **self.answer}


@pytest.fixture
def clock(monkeypatch):
    """Put the invoker on a clock of its own."""
    clock = Clock()
    monkeypatch.setattr(invocation, "time", clock)
    return clock


def failed(client, patience):
    """Run a batch of one."""
    invoker = BatchInvoker(client, "arn", reports_items=False, encode=lambda _: b"")
    return invoker.failed([{"messageId": "a"}], patience)


def test_a_throttled_batch_is_tried_again_with_growing_pauses(clock):
    """No receive is spent on a function that is busy for a moment."""
    assert failed(Client(3), patience=60) == frozenset()
    assert clock.pauses == [1, 2, 4]


def test_a_batch_throttled_for_too_long_goes_back(clock):
    """It is let go before its visibility ends, so that it is not carried out twice."""
    assert failed(Client(100), patience=10) == {"a"}
    assert clock.now <= 10


def test_an_error_of_the_function_fails_the_whole_batch(clock):
    """Nothing is deleted."""
    assert failed(Client(0, FunctionError="Unhandled"), patience=10) == {"a"}
    assert not clock.pauses
