"""Looks on while jobs wait at the limiter: in which order they go, and whose turns they take."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.jobs import Job, Priority
from tests.simulation.ground import Ground
from tests.simulation.loop import EPOCH

LATE_SECONDS = 25.0
"""For as long as an invocation may take to send what it was granted, a job that joined the line may be overtaken."""
MOST_LESS_URGENT = 4
"""Of ten turns on end, those that may be of the less urgent while more urgent ones wait: two, and what was granted before."""
MOST_PASSED = 15
"""Turns that others may have on end while a priority waits: ten, and what was granted before."""
MOST_WINDOWS = 2
"""After which a job goes of whose account nothing else waits."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A job in the line."""

    since: float
    job: Job
    is_alone: bool
    """Whether nothing else of its account waited when it joined."""


class LineChecks:
    """The invariants of one world's line."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self._window = world.limiter_settings.rate_limit_window_seconds
        self.gone: set[str] = set()
        """Jobs that were forwarded."""
        self.sent_at: dict[str, int] = {}
        """When each job came to the ingress queue first, in milliseconds, as its SentTimestamp tells."""
        self._waits: dict[tuple[str, ...], Waits] = {}
        """The jobs in the line, by their items' keys."""
        self._turns: list[tuple[str, bool]] = []
        """The share of each job that was forwarded, and whether more urgent ones waited."""
        self._passed: Counter[tuple[str, Priority]] = Counter()
        """How many turns others had since a priority waits, by share and priority."""

    def written(self, key: tuple[str, ...], after: Mapping[str, Any] | None) -> None:
        """Take note of who joins the line, and who leaves it."""
        if after is None:
            self._waits.pop(key, None)
        elif key not in self._waits:
            job = jobs.parse(after["body"]["S"])
            is_alone = not any(it.job.account == job.account for it in self._waits.values())
            self._waits[key] = Waits(self._world.now(), job, is_alone)

    def forwarded(self, job: Job) -> None:
        """Judge a turn."""
        self._in_order(job)
        self._in_fair_shares(job)

    def _in_order(self, job: Job) -> None:
        """Jobs of one account and priority that wait go in the order in which they were sent."""
        soon, sent_at = self._world.now() - LATE_SECONDS, self.sent_at[job.job_id]
        for other in self._waits.values():
            if other.job.job_id in self.gone or other.since > soon:
                continue
            is_of_the_same = (other.job.account, other.job.priority) == (job.account, job.priority)
            if is_of_the_same and self.sent_at[other.job.job_id] < sent_at:
                self._world.fail("as they were sent", f"{job.job_id[:8]} went before {other.job.job_id[:8]}")

    def _in_fair_shares(self, job: Job) -> None:
        """High goes before normal before low, each has its turn in ten, and no account waits for all of another's.

        Judged is what waited while nothing was in the way: whose account an invocation holds, or whose message sleeps
        because something failed, may be passed meanwhile.
        """
        world = self._world
        own = next((it for it in self._waits.values() if it.job.job_id == job.job_id), None)
        share = job.account if world.limiter_settings.rate_limit_scope == "account" else ""
        calm = [it for it in self._waits.values() if self._waits_calmly(it, share)]
        order = list(Priority)
        is_passing = any(order.index(it.job.priority) < order.index(job.priority) for it in calm)
        self._turns.append((share, is_passing))
        less_urgent = sum([passing for of, passing in self._turns if of == share][-10:])
        if is_passing and less_urgent > MOST_LESS_URGENT:
            world.fail("the urgent first", f"{less_urgent} of ten turns were of the less urgent")
        for priority in order:
            is_waiting = priority != job.priority and any(it.job.priority == priority for it in calm)
            self._passed[share, priority] = self._passed[share, priority] + 1 if is_waiting else 0
            if self._passed[share, priority] > MOST_PASSED:
                world.fail("each priority has its turn", f"{priority} was passed {self._passed[share, priority]} times")
        if own is not None and own.is_alone and job.priority is not Priority.LOW:
            waited = world.now() - own.since
            most = MOST_WINDOWS * self._window + LATE_SECONDS
            if waited > most and world.is_calm_since(own.since - EPOCH - LATE_SECONDS):
                world.fail(
                    "no account waits for another", f"{job.account} waited {waited:.0f} s with nothing else in the line"
                )

    def _waits_calmly(self, it: "Waits", share: str) -> bool:
        """Tell whether a job is in the line for so long, without a trouble, that its turn must count."""
        since = it.since - EPOCH
        if it.job.job_id in self.gone or self._world.loop.time() - since < LATE_SECONDS:
            return False
        return (not share or it.job.account == share) and self._world.is_calm_since(since - 2 * LATE_SECONDS)
