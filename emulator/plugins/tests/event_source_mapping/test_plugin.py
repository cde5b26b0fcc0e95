"""Workers of one mapping, one after the other."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from localprocs.event_source_mapping.plugin import supersede
from localstack.services.lambda_.event_source_mapping import esm_worker
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.event_source_mapping.pollers.poller import Poller
from localstack.services.lambda_.invocation.models import lambda_stores

CONFIG: Any = {"UUID": "a-mapping", "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:some"}


class LongPoll:
    """A poller whose poll lasts until it is told to end."""

    def __init__(self) -> None:
        self.began, self.end = threading.Event(), threading.Event()

    def poll_events(self) -> None:
        self.began.set()
        assert self.end.wait(30)

    def close(self) -> None:
        pass


def test_a_poll_that_outlives_its_worker_leaves_the_mapping_as_the_next_one_has_made_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Switched off and on again within one poll: it is on, and stays on when the poll ends."""
    version = SimpleNamespace(id=SimpleNamespace(account="000000000000", region="eu-west-1"))
    monkeypatch.setattr(esm_worker, "get_function_version_from_arn", lambda _arn: version)
    mappings = lambda_stores["000000000000"]["eu-west-1"].event_source_mappings
    mappings["a-mapping"] = dict(CONFIG)
    polls = [LongPoll() for _ in range(3)]
    first, off, on = (
        EsmWorker(CONFIG, cast("Poller", poll), enabled=enabled)
        for poll, enabled in zip(polls, [True, False, True], strict=True)
    )
    supersede(first)
    first.create()
    assert polls[0].began.wait(30)

    for before, after in ((first, off), (off, on)):
        supersede(after)
        before.stop()
        after.create()
    assert polls[2].began.wait(30)
    polls[0].end.set()
    first._poller_thread.join(30)

    assert mappings["a-mapping"]["State"] == "Enabled"
    on.stop()
    polls[2].end.set()
    on._poller_thread.join(30)
    assert mappings["a-mapping"]["State"] == "Disabled"
