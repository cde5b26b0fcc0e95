"""Incidents: what it costs to capture one job of a day and an hour of 600, to replay that hour, and how many faults replay."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from localprocs.vclock import AUTO, Clock, NotWithin, StillWorking
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.incidents import day
from benchmarks.incidents.captured import Captured, captured
from benchmarks.incidents.written import Written
from emulator.console.reading.place import target_of
from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError
from emulator.harness.faults import Faults
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import again, go_to, play, stage
from emulator.incidents.seen import endings_of
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.writing import write_bundle

HOUR_SECONDS = 3600.0
MOST_SHARE_OF_HOUR = 0.1
LEAST_REPRODUCED = 0.95
REPRODUCED = "reproduced"
ACCOUNTS = 6
JOBS_A_HISTORY = 6
PATIENCE_SECONDS = 7200.0
ALARM_PERIOD_SECONDS = 300.0
"""The longest of an alarm: a replay whose moments lie otherwise in it may raise one a period sooner or later."""
POSTS = {"method": "POST", "path": "/api/chats/*/messages"}


@dataclass(frozen=True, kw_only=True)
class History:
    """A seed's faults, and what their replay came to."""

    seed: int
    kind: str
    verdict: str


def hour(count: int, tell: Callable[[str], None]) -> tuple[Captured, float, str]:
    """Capture an hour of so many jobs, and replay it; return real seconds of the replay and its verdict."""
    with Harness(Options(speed=1.0), tell) as harness:
        target = target_of(harness.run)
        now = target.now()
        written = Written(begins=now.timestamp() - HOUR_SECONDS, seconds=HOUR_SECONDS, jobs=count, accounts=ACCOUNTS)
        written.write(target, tell)
        question = Question(since=now - timedelta(seconds=HOUR_SECONDS + 1), until=now, has_since=True)
        bundle, cost = captured(target, question, tell)
    with stage(bundle, tell) as harness:
        begun = time.monotonic()
        verdict = play(bundle, Pipeline(harness.run), _clock(harness)).verdict
        return cost, time.monotonic() - begun, verdict.text


def histories(count: int, first: int, kept: Path | None, tell: Callable[[str], None]) -> Iterator[History]:
    """Live through so many seeds' faults, capture each and replay it, all on one harness.

    Those that replay otherwise leave their bundles in ``kept``.
    """
    with Harness(Options(speed=AUTO), tell) as harness:
        pipeline, clock = Pipeline(harness.run), _clock(harness)
        pipeline.await_health()
        fresh = _post(harness, "")["id"]

        def begin_anew(moment: float) -> None:
            """Let queues, tables, metrics and alarms be as at first, at the like moment of an alarm's period."""
            clock.settle()
            _post(harness, f"/{fresh}")
            again(pipeline)
            go_to(clock, clock.now() + (moment - clock.now()) % ALARM_PERIOD_SECONDS)

        for seed in range(first, first + count):
            kind = ""
            bundle: Bundle | None = None
            try:
                tell(f"seed {seed}: it happens")
                begin_anew(0.0)
                SiteControl(harness.run.site_url).reset()
                began = clock.now()
                kind = _live(pipeline, clock, seed)
                bundle = _capture(pipeline, began)
                tell(f"seed {seed}: {kind}, replaying")
                begin_anew(bundle.t0.timestamp())
                verdict = play(bundle, pipeline, clock).verdict.text
            except (HarnessError, StillWorking) as error:  # a machine that is too busy says nothing about the others
                verdict = f"not played: {error}"[:200]
            if kept and bundle and verdict != REPRODUCED:
                write_bundle(bundle, kept / f"incident-seed-{seed}.zip")
            yield History(seed=seed, kind=kind, verdict=verdict)


def _post(harness: Harness, checkpoint: str) -> dict[str, Any]:
    url = f"{harness.run.aws_endpoint_url}/_emulator/checkpoints{checkpoint}"
    return dict(http_client.post(url).raise_for_status().json())


def _live(pipeline: Pipeline, clock: Clock, seed: int) -> str:
    """Send a few messages, break something by the seed, and wait for the ends."""
    random, site, faults = Random(seed), SiteControl(pipeline.run.site_url), Faults(pipeline.run, seed)  # noqa: S311
    kind = random.choice(("status", "limit", "outage", "limiter", "scraper", "browser", "down"))
    began = clock.now()
    match kind:
        case "status":
            fault = {"kind": "status", "status": random.choice((401, 403, 422, 429, 500, 503, 504))}
            site.faults({"match": POSTS, "fault": fault, "times": random.randint(1, 4)})
        case "limit":
            site.limits(1, 60, **POSTS)  # an account has one of the jobs, or a few
        case "down":
            site.faults({"match": {"path": "*"}, "fault": {"kind": "status", "status": 503}})
    sent = {
        job.job_id: job for job in (pipeline.send(_message(random.randrange(10**6))) for _ in range(JOBS_A_HISTORY))
    }
    match kind:
        case "outage":
            faults.outage(random.choice(("dynamodb", "s3", "secretsmanager")), "error", random.randint(30, 300))
        case "limiter":
            faults.kill_limiter((0.0, 1.0))
        case "scraper":
            faults.kill_scraper((0.0, 2.0))
        case "browser":
            faults.kill_browser((0.0, 2.0))
        case "down":
            go_to(clock, clock.now() + random.randint(60, 1200))
            site.faults()
    try:
        clock.until(lambda: all(it.end != "open" for it in endings_of(pipeline, sent, began)), PATIENCE_SECONDS, 30)
    except NotWithin:
        kind += ", not all ended"
    clock.settle()
    faults.end_outages()
    site.faults()
    return kind


def _capture(pipeline: Pipeline, began: float) -> Bundle:
    target = target_of(pipeline.run)
    return capture(target, Question(since=datetime.fromtimestamp(began - 1, UTC), until=target.now(), has_since=True))


def _message(number: int) -> dict[str, Any]:
    return {
        "action": "send_message",
        "creator_id": f"creator-{1 + number % ACCOUNTS:02}",
        "user_id": f"fan-{1 + number % 10:03}",
        "message_content": f"Message no. {number}",
    }


def _clock(harness: Harness) -> Clock:
    if not isinstance(harness.clock, Clock):
        sys.exit("this machine cannot have a virtual clock")
    return harness.clock


def main() -> None:
    """Measure and print; exit 1 where a figure is beyond its limit."""
    parser = argparse.ArgumentParser(prog="huntaze bench incident")
    parser.add_argument("--day", type=int, default=day.JOBS, help="jobs of the day that holds the one; 0 leaves it out")
    parser.add_argument("--jobs", type=int, default=600, help="jobs of the hour; 0 leaves it out")
    parser.add_argument("--histories", type=int, default=100, help="histories of faults; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=1, help="of the first history")
    parser.add_argument("--keep", type=Path, help="a folder for the bundles of histories that replay otherwise")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    told: dict[str, Any] = {}
    wrong: list[str] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=options.json) as progress:
        task = progress.add_task("")

        def tell(text: str) -> None:
            progress.update(task, description=text)

        if options.day:
            cost, lines = day.measure(tell, options.day)
            told["day"] = asdict(cost) | {"among": options.day, "lines": lines}
        if options.jobs:
            cost, seconds, verdict = hour(options.jobs, tell)
            told["hour"] = asdict(cost) | {"replay_seconds": round(seconds, 1), "verdict": verdict}
            if seconds > MOST_SHARE_OF_HOUR * HOUR_SECONDS:
                wrong.append(f"the hour's replay took {seconds:.0f} s")
        if options.histories:
            lived = []
            for history in histories(options.histories, options.seed, options.keep, tell):
                lived.append(history)
                progress.console.print(f"seed {history.seed}, {history.kind}: {history.verdict}")
            share = sum(it.verdict == REPRODUCED for it in lived) / len(lived)
            told["histories"] = {
                "reproduced": share,
                "others": [asdict(it) for it in lived if it.verdict != REPRODUCED],
            }
            if share < LEAST_REPRODUCED:
                wrong.append(f"{share:.0%} of the histories were reproduced, less than {LEAST_REPRODUCED:.0%}")
    told["beyond"] = wrong
    print(json.dumps(told, indent=None if options.json else 1))
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
