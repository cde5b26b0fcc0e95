"""Rules that tick, by LocalStack's own provider."""

from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.scheduled_rules import TICKERS, install
from localprocs.state import revival
from localstack.services.events.provider import EventsProvider
from localstack.services.events.rule import RuleService
from localstack.services.events.scheduler import JobScheduler

HERE: Any = SimpleNamespace(region="us-east-1", account_id="000000000000")
TARGET: Any = {"Id": "one", "Arn": "arn:aws:sqs:us-east-1:000000000000:queue"}


class Rules:
    """A provider, and what its ticks send."""

    def __init__(self) -> None:
        self.provider = EventsProvider()
        self.sent = 0

    def put(self, schedule: str | None, **more: Any) -> None:
        self.provider.put_rule(HERE, name="tick", schedule_expression=schedule, **more)

    def put_targets(self) -> None:
        self.provider.put_targets(HERE, rule="tick", targets=[TARGET])
        self.hear()

    def hear(self) -> None:
        """Let what ticks be heard here."""
        for unique in self.provider._target_sender_store:
            self.provider._target_sender_store[unique] = SimpleNamespace(process_event=self._send)  # type: ignore[assignment]

    def _send(self, *_: Any, **__: Any) -> None:
        self.sent += 1

    def tick(self) -> int:
        """Let the scheduler run what it has, and return how many events came of it."""
        before = self.sent
        for job in JobScheduler.instance().jobs:
            if job.is_enabled:
                job.job_func()
        return self.sent - before


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Rules:
    changed = ((RuleService, "create_schedule_job"), (EventsProvider, "_get_scheduled_rule_job_function"))
    for owner, name in (*changed, (EventsProvider, "create_rule_service"), (EventsProvider, "_delete_rule_services")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(JobScheduler, "_instance", JobScheduler())
    TICKERS.clear()
    install()
    return Rules()


def test_a_rule_ticks_once_however_often_its_targets_are_put(rules: Rules) -> None:
    """By its new schedule where it was changed."""
    rules.put("rate(1 minute)")
    rules.put_targets()
    rules.put_targets()
    rules.put("rate(5 minutes)")

    assert rules.tick() == 1
    assert [it.schedule for it in JobScheduler.instance().jobs] == ["*/5 * * * *"]


def test_a_rule_that_is_disabled_does_not_tick(rules: Rules) -> None:
    """Nor one that was put so; it does again once it is enabled."""
    rules.put("rate(1 minute)", state="DISABLED")
    rules.put_targets()
    assert rules.tick() == 0
    rules.provider.enable_rule(HERE, name="tick")
    assert rules.tick() == 1
    rules.provider.disable_rule(HERE, name="tick")
    assert rules.tick() == 0


@pytest.mark.parametrize("end", ["deleted", "by events now"])
def test_a_rule_without_a_schedule_has_no_ticker(rules: Rules, end: str) -> None:
    """What is gone leaves nothing behind."""
    rules.put("rate(1 minute)")
    rules.put_targets()
    if end == "deleted":
        rules.provider.delete_rule(HERE, name="tick", force=True)
    else:
        rules.put(None, event_pattern='{"source": ["a"]}')

    assert not JobScheduler.instance().jobs


def test_rules_that_are_put_back_tick_as_they_stand(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was disabled then does again once it is enabled; one that there was not yet does no more."""
    service = SimpleNamespace(_provider=rules.provider)
    monkeypatch.setattr(revival, "SERVICE_PLUGINS", SimpleNamespace(get_service=lambda _: service))
    rules.put("rate(1 minute)", state="DISABLED")
    rules.put_targets()

    revival._revive_rules()

    rules.hear()
    assert rules.tick() == 0
    rules.provider.enable_rule(HERE, name="tick")
    assert rules.tick() == 1
    rules.provider.get_event_bus("default", rules.provider.get_store(HERE.region, HERE.account_id)).rules.clear()
    revival._revive_rules()
    assert not JobScheduler.instance().jobs
