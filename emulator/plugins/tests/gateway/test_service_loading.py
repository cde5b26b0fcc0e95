"""Whoever asks a service while it is loaded is answered by all of it."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.gateway import service_loading
from localstack.aws.handlers.service_plugin import ServiceLoader
from localstack.services.plugins import Service

PATIENCE_SECONDS = 30


class SlowRouter:
    """Takes its time over what a service answers."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.is_whole = threading.Event(), threading.Event(), False

    def add_skeleton(self, _skeleton: Any) -> None:
        """Add it, when the test says so."""
        self.begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        self.is_whole = True


def test_nobody_is_answered_by_half_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second to ask waits for the first, and a third, later, does not."""
    monkeypatch.setattr(ServiceLoader, "require_service", ServiceLoader.require_service)
    service_loading.install()
    router = SlowRouter()
    service = Service("cloudwatch", skeleton=object())
    loader = ServiceLoader(SimpleNamespace(exists=lambda _: True, require=lambda _: service), router)
    context: Any = SimpleNamespace(service=SimpleNamespace(service_name="cloudwatch"))
    seen: list[bool] = []

    def ask() -> None:
        loader.require_service(None, context, None)
        seen.append(router.is_whole)

    first, second = threading.Thread(target=ask), threading.Thread(target=ask)
    first.start()
    assert router.begun.wait(PATIENCE_SECONDS)
    second.start()
    second.join(0.2)
    assert seen == []
    router.may_end.set()
    for each in (first, second):
        each.join(PATIENCE_SECONDS)
    ask()

    assert seen == [True, True, True]
