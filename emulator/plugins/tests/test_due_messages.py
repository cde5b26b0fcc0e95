"""Queues are looked at when something in them is due, and not else."""

import threading
import time
from types import SimpleNamespace

import pytest
from localprocs.due_messages import Looks, Moments, queues_now
from localstack.services.sqs.models import sqs_stores
from localstack.services.sqs.provider import QueueUpdateWorker

PATIENCE_SECONDS = 30


@pytest.fixture
def acted():
    """What was done, as times."""
    return []


@pytest.fixture
def moments(acted):
    """Moments at which the time is noted."""
    done = threading.Condition()

    def act():
        with done:
            acted.append(time.time())
            done.notify_all()

    def await_acts(number):
        with done:
            assert done.wait_for(lambda: len(acted) >= number, PATIENCE_SECONDS)

    made = Moments(act)
    made.await_acts = await_acts
    made.start()
    yield made
    made.stop()


def test_each_moment_is_kept_and_none_comes_early(moments, acted):
    """In whatever order they are told of."""
    now = time.time()
    told = [now + 0.3, now + 0.1, now + 0.2, now - 1]
    for moment in told:
        moments.note(moment)

    moments.await_acts(4)

    assert all(at > moment for at, moment in zip(acted, sorted(told), strict=True))


def test_moments_that_have_come_together_are_one(moments, acted):
    """A hundred messages that are due at once are one look."""
    due = time.time() + 0.2
    for _ in range(100):
        moments.note(due)

    moments.await_acts(1)
    moments.note(0)
    moments.await_acts(2)

    assert len(acted) == 2


def test_a_moment_that_has_become_void_is_left_out(moments, acted):
    """As that of a message that was deleted: only what is still to do is done, at its own moment."""
    void, due = time.time() + 0.1, time.time() + 0.3
    moments.note(void, lambda: True)
    moments.note(due)

    moments.await_acts(1)

    assert [at > due for at in acted] == [True]


def test_nothing_is_done_when_nothing_is_due(moments, acted):
    """Nor after its end."""
    moments.note(time.time() + 3600)
    moments.stop()

    assert acted == []


def test_what_is_due_is_so_until_it_was_acted_on():
    """A receive that comes before the thread, or meets it at work, looks itself."""
    begun, may_end = threading.Event(), threading.Event()

    def act():
        begun.set()
        assert may_end.wait(PATIENCE_SECONDS)

    moments = Moments(act)
    moments.note(time.time() + 3600)
    assert not moments.is_due()
    moments.note(time.time() - 1)
    assert moments.is_due()
    moments.start()
    assert begun.wait(PATIENCE_SECONDS)
    assert moments.is_due()
    may_end.set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while moments.is_due():
        assert time.monotonic() < deadline
    moments.stop()


def test_each_workers_queues_are_looked_at():
    """Lambda keeps its events in queues of its own, beside those of SQS: what fails there is tried again, too."""

    class Worker:
        def __init__(self):
            self.looked = threading.Event()
            self.do_update_all_queues = self.looked.set

    looks, workers = Looks(), [Worker(), Worker()]
    for worker in workers:
        looks.start(worker)
    looks.note(time.time(), SimpleNamespace(deleted=False, visibility_deadline=None))
    assert all(worker.looked.wait(PATIENCE_SECONDS) for worker in workers)
    for worker in workers:
        looks.stop(worker)
    assert not looks.is_due()


def test_a_queue_that_is_made_during_a_look_ends_no_look(monkeypatch):
    """Nor the thread that looks: what is due later is seen, too."""
    queues, looked = sqs_stores["000000000000"]["us-east-1"].queues, []

    def make_one():
        looked.append(len(looked))
        queues[f"made-{len(looked)}"] = SimpleNamespace()

    for name in ("one", "two"):
        monkeypatch.setitem(
            queues, name, SimpleNamespace(requeue_inflight_messages=make_one, enqueue_delayed_messages=lambda: None)
        )
    monkeypatch.setattr(QueueUpdateWorker, "iter_queues", queues_now)
    before = set(queues)

    QueueUpdateWorker().do_update_all_queues()

    assert looked == [0, 1]
    for name in set(queues) - before:
        del queues[name]
