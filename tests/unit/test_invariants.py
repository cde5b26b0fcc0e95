"""The judge of every run is judged: a history that breaks a promise does not pass."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from huntaze_scraper import jobs
from tests import invariants


@dataclass
class History:
    """Three jobs: two whose messages reached their fans, and a dead one."""

    sent: list[SentJob] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    journals: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in ("ingress_dlq", "workflows", "workflows_dlq")}
    )

    def __post_init__(self) -> None:
        """Let everything be well."""
        for number, status in enumerate(("succeeded", "succeeded", "dead")):
            body = json.dumps(
                {
                    "action": "send_message",
                    "creator_id": "creator",
                    "user_id": "fan",
                    "message_content": f"no. {number}",
                    "timestamp": "2026-01-01T00:00:00Z",
                }
            )
            job = jobs.parse(body)
            self.sent.append(SentJob(job.job_id, "", job.account, job.payload))
            self.statuses[job.job_id] = status
            self.journals["workflows"].append(
                {"group_id": "creator", "deduplication_id": job.job_id, "body": body, "sent": float(number)}
            )
            if status == "succeeded":
                self.messages.append({"account": "creator", "fan": "fan", "text": f"no. {number}"})
        self.journals["workflows_dlq"].append(self.journals["workflows"][-1])

    def check(self) -> None:
        """Have it judged."""
        invariants.check(*self._views(), self.sent)

    def judge_told(self) -> None:
        """Have judged what was told of it."""
        pipeline, site = self._views()
        invariants.assert_all_forwarded(pipeline, self.sent)
        invariants.assert_reached_as_told(site, self.sent, invariants.find_ends(pipeline, self.sent))

    def _views(self) -> tuple[Pipeline, SiteControl]:
        run = SimpleNamespace(**{f"{name}_queue_url".replace("dlq_queue", "dlq"): name for name in self.journals})
        statuses = self.statuses
        pipeline = SimpleNamespace(
            run=run,
            journal=self.journals.__getitem__,
            find_result=lambda job: {"status": statuses[job.job_id]} if job.job_id in statuses else None,
        )
        site = SimpleNamespace(messages=lambda: self.messages)
        return cast("Pipeline", pipeline), cast("SiteControl", site)


def lose(it: History) -> None:
    del it.journals["workflows"][0]


def forward_twice(it: History) -> None:
    it.journals["workflows"].append(it.journals["workflows"][0])


def set_aside(it: History) -> None:
    it.journals["ingress_dlq"].append({"body": "{}"})


def leave_without_result(it: History) -> None:
    it.statuses.popitem()


def claim_success(it: History) -> None:
    del it.messages[1]


def let_a_dead_ones_message_reach_its_fan(it: History) -> None:
    it.messages.append({"account": "creator", "fan": "fan", "text": "no. 2"})


def send_twice(it: History) -> None:
    it.messages.append(it.messages[1])


def bury_nothing(it: History) -> None:
    it.journals["workflows_dlq"].clear()


def bury_a_success(it: History) -> None:
    it.journals["workflows_dlq"].append(it.journals["workflows"][0])


def let_one_overtake(it: History) -> None:
    it.messages.reverse()


def forward_eleven_within_a_minute(it: History) -> None:
    for number in range(8):
        job = SentJob(f"job-{number}", "", "another", {"action": "get_messages"})
        it.sent.append(job)
        it.statuses[job.job_id] = "succeeded"
        it.journals["workflows"].append(
            {"group_id": "another", "deduplication_id": job.job_id, "body": "{}", "sent": 59.9}
        )


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not happened never will."""
    monkeypatch.setattr(invariants, "until", lambda ask, **_: ask())


def test_a_history_that_keeps_every_promise_passes() -> None:
    """Two sent, one dead and buried."""
    History().check()


@pytest.mark.parametrize(
    "wrong",
    [
        lose,
        forward_twice,
        set_aside,
        leave_without_result,
        claim_success,
        let_a_dead_ones_message_reach_its_fan,
        send_twice,
        bury_nothing,
        bury_a_success,
        let_one_overtake,
        forward_eleven_within_a_minute,
    ],
)
def test_a_history_that_breaks_one_promise_fails(wrong: Callable[[History], None]) -> None:
    """Each promise alone is noticed."""
    history = History()
    wrong(history)

    with pytest.raises(AssertionError):
        history.check()


def test_a_job_that_died_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing may be given up, a dead job fails the run though all invariants hold."""
    monkeypatch.setattr(invariants, "check", lambda *_: {"job": "dead"})

    with pytest.raises(AssertionError):
        invariants.check_all_succeeded(cast("Pipeline", None), cast("SiteControl", None), [])


@pytest.mark.parametrize(
    "wrong", [lose, claim_success, let_a_dead_ones_message_reach_its_fan, send_twice], ids=lambda it: it.__name__
)
def test_a_history_with_uncertain_ends_is_judged_as_well(wrong: Callable[[History], None]) -> None:
    """Of a job whose end nobody knows nothing is asked; of the others all."""
    history = History()
    history.statuses[history.sent[2].job_id] = "uncertain"
    history.judge_told()
    history.statuses[history.sent[2].job_id] = "dead"
    wrong(history)

    with pytest.raises(AssertionError):
        history.judge_told()
