"""Plays a bundle in a running harness: its jobs and what happened around them at their offsets, and compares."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from localprocs.vclock import AUTO, Clock, NotWithin, WallClock

from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from emulator.incidents.answers import rules
from emulator.incidents.script import Script
from emulator.incidents.seen import endings_of, outcome
from emulator.incidents.sending import CLOSE_SECONDS, alike, await_forwarded, in_order, send
from emulator.incidents.stage import fans_of, prepare, shifted
from emulator.incidents.verdict import Verdict, compare
from emulator.incidents.work import at_work, await_work, done, held_back
from huntaze_scraper.operations.incident.around import gather_deployed
from huntaze_scraper.operations.incident.bundle import Bundle, Happening, Verb
from huntaze_scraper.operations.incident.bundle import SentJob as RecordedJob
from huntaze_scraper.operations.incident.gathering import Gathering
from huntaze_scraper.operations.incident.raw import Raw
from huntaze_scraper.operations.target import pipeline as pipeline_target

TEMPLATE = "template:"
"""What the digests of stacks' templates begin with."""
LATE_SECONDS = 900.0
"""Virtual seconds beyond the recorded span that a job may take to end: what was mended may need a back-off more."""
_LEAD_SECONDS = 3600.0
"""So long before t0 the clock of an own harness begins: at its start time leaps, too."""
_QUIET_SECONDS = 30.0
_NEAR_SECONDS = 1.5
"""For so long time goes at the wall's pace: what came close together does so again, and a death in the midst of work."""
_OF_A_TASK = frozenset({Verb.KILL_SCRAPER, Verb.KILL_BROWSER, Verb.STOP_TASK})
_IN_THE_MIDST = _OF_A_TASK | {Verb.KILL_LIMITER}
_SETTINGS = {
    "RATE_LIMIT_CAPACITY": "rate_capacity",
    "RATE_LIMIT_WINDOW_SECONDS": "rate_window_seconds",
    "RATE_LIMIT_SCOPE": "rate_scope",
}


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A replay that is over."""

    pipeline: Pipeline
    sent: Mapping[str, SentJob]
    """What was sent here, by the ids of the recording."""
    verdict: Verdict
    seed: int
    seconds: float
    """Virtual seconds that it took."""

    @property
    def jobs(self) -> list[SentJob]:
        """What was sent here."""
        return list(self.sent.values())

    @property
    def ends(self) -> dict[str, int]:
        """How many jobs came to which end: done, rejected, dead, uncertain, set_aside, or open for none in time."""
        return dict(Counter(it.end for it in self.verdict.here.values()))


def play(bundle: Bundle, pipeline: Pipeline, clock: Clock, seed: int = 1) -> Replayed:
    """Play the bundle from now on, as if now were its t0, and compare what comes of it.

    Queues, tables and the site are emptied first. Time stands by work and leaps over waiting, as far as each next step.
    The first seed keeps to the recorded moments; with others, deaths come at random moments soon after.
    """
    site, script = SiteControl(pipeline.run.site_url), Script(pipeline.run, seed)
    pipeline.forget()
    prepare(bundle, site, pipeline.clients, pipeline.state)
    speed = clock.state().speed
    clock.settle()
    clock.set_speed(1.0)  # from here on time leaps at our wish alone
    try:
        began, span = clock.now(), bundle.manifest.span_seconds
        answers = rules(bundle.answers, began, fans_of(bundle.jobs))
        for key, item in shifted(bundle.state, bundle.t0.timestamp(), began).items():
            pipeline.state.write_together([pipeline.state.put(key, item)])
        site.faults(*answers)
        sent = dict(_steps(bundle, pipeline, clock, script, began))
        go_to(clock, began + span)
        with suppress(NotWithin):  # what has not ended is told by the verdict
            clock.until(lambda: _have_ended(pipeline, sent, began), LATE_SECONDS, _QUIET_SECONDS, "the jobs' ends")
        clock.settle()
        here = outcome(pipeline, sent, began)
    finally:
        script.end()
        clock.set_speed(speed)
    knows_alarms = not any("alarm" in it.what for it in bundle.manifest.missing)
    verdict = compare(bundle.expected, here, span, alike(bundle.jobs, answers), with_alarms=knows_alarms)
    return Replayed(pipeline=pipeline, sent=sent, verdict=verdict, seed=seed, seconds=clock.now() - began)


def go_to(clock: Clock, moment: float) -> None:
    """Leap over waiting as far as that moment; what is near is waited for."""
    if (left := moment - clock.now()) > _NEAR_SECONDS:
        clock.advance(left)
    while clock.now() < moment:
        time.sleep(0.01)


def again(pipeline: Pipeline) -> None:
    """Put new tasks in the place of those that have seen a replay already, so that the next one meets no memory."""
    ecs, cluster, service = pipeline.clients.ecs, pipeline.run.ecs_cluster, pipeline.run.ecs_service
    old = ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
    for arn in old:
        ecs.stop_task(cluster=cluster, task=arn)
    deadline = time.monotonic() + 60
    while not (now := ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]) or set(now) & set(old):
        if time.monotonic() > deadline:
            raise HarnessError(f"no new task came within 60 s; logs: {pipeline.run.logs_dir}")
        time.sleep(0.1)
    pipeline.await_health()


@contextmanager
def stage(bundle: Bundle, tell: Callable[[str], None]) -> Iterator[Harness]:
    """Start a harness for the bundle, with its limit, whose clock is at its t0.

    Raises:
        HarnessError: it does not start, or this machine cannot have a virtual clock.
    """
    context = {key: it for name, key in _SETTINGS.items() if (it := bundle.manifest.settings.get(name))}
    t0 = bundle.t0.timestamp()
    with Harness(Options(speed=AUTO, begins=t0 - _LEAD_SECONDS, context=context), tell) as harness:
        clock = harness.clock
        if isinstance(clock, WallClock):
            raise HarnessError("a replay needs the virtual clock, which this machine cannot have")
        Pipeline(harness.run).await_health()
        clock.jump(max(t0 - _QUIET_SECONDS - clock.now(), 0.0))
        tell("replaying")
        go_to(clock, t0)
        yield harness


def other_templates(bundle: Bundle, harness: Harness) -> list[str]:
    """Return the stacks that were recorded as another template than the one that is replayed."""
    run = harness.run
    raw = Raw(asked={}, begin=0.0, end=0.0, captured_at=0.0)
    gather_deployed(Gathering(pipeline_target(run.clients, lambda name: str(getattr(run, name))), raw))
    recorded = {name: it for name, it in bundle.manifest.digests.items() if name.startswith(TEMPLATE)}
    return [name.removeprefix(TEMPLATE) for name, it in recorded.items() if raw.digests.get(name) != it]


def _steps(
    bundle: Bundle, pipeline: Pipeline, clock: Clock, script: Script, began: float
) -> Iterator[tuple[str, SentJob]]:
    """Send the jobs and play the script, each at its offset; yield each job by the recording's id."""
    sent, last = dict[str, SentJob](), dict[str, tuple[float, SentJob]]()
    happened = [it for step in bundle.script if (it := _within(step)) and it.at_seconds <= bundle.manifest.span_seconds]
    deaths = [it.at_seconds for it in happened if it.verb in _OF_A_TASK]
    jobs = held_back(in_order(bundle.jobs, bundle.lines), deaths, bundle.lines)
    steps: Sequence[RecordedJob | Happening] = sorted([*jobs, *happened], key=lambda it: it.at_seconds)
    for step in steps:
        moment = began + max(step.at_seconds, 0.0)
        if isinstance(step, Happening):
            if step.verb in _IN_THE_MIDST:
                go_to(clock, moment - _NEAR_SECONDS)
                begun, ended = at_work(bundle.lines, step.at_seconds), done(bundle.lines, step.at_seconds)
                await_work(begun, ended, sent, pipeline, moment - clock.now())
                if begun:  # while they last
                    moment = clock.now()
            go_to(clock, moment)
            script.play(step)
            continue
        go_to(clock, moment)
        before, earlier = last.get(step.account, (-CLOSE_SECONDS, None))
        if earlier and step.at_seconds - before < CLOSE_SECONDS:
            await_forwarded(earlier, pipeline)
        job = send(step, pipeline)
        last[step.account] = step.at_seconds, job
        if step.job_id:
            sent[step.job_id] = job
            yield step.job_id, job


def _within(step: Happening) -> Happening | None:
    """Return what is left of a step from t0 on: of an outage that began before, the rest."""
    if step.at_seconds >= 0:
        return step
    left = float(step.arguments.get("seconds", 0)) + step.at_seconds
    if step.verb is not Verb.OUTAGE or left <= 0:
        return None
    return replace(step, at_seconds=0.0, arguments={**step.arguments, "seconds": left})


def _have_ended(pipeline: Pipeline, sent: Mapping[str, SentJob], began: float) -> bool:
    return all(it.end != "open" for it in endings_of(pipeline, sent, began))
