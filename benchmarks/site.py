"""The site: what a backlog does to it, in both scopes of the limit, after an hour without a scraper (issue: limit)."""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import pairwise

from localprocs.vclock import NotWithin
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site import store_credentials
from emulator.harness.site_control import SiteControl
from huntaze_scraper.settings import SCOPES, LimitSettings
from tests.integration import permissions
from tests.invariants import worst_window

ACCOUNTS = 30
TASKS = 4
AWAY_SECONDS = 3600.0
POSTS = {"method": "POST", "path": "/api/chats/*/messages"}
LEAST_SHARE = 0.95
SPEED = 1.0
"""Time goes at the wall's pace while somebody works, and leaps while nobody does: so a busy machine lowers the rate."""
LOOK_SECONDS = 10.0
START_SECONDS = 300.0
"""Until four tasks run, real seconds."""
SECONDS_A_JOB = 12.0
"""Virtual seconds after which the backlog is given up, at half the rate; and an hour beside that."""


@dataclass(frozen=True)
class Figures:
    """What a backlog came to."""

    scope: str
    jobs: int
    accounts: int
    worst_window: int
    """In all, or of an account: as the scope is."""
    answers_429: int
    share_of_rate: float | None
    """None where no account had more than a window's jobs, which may go at once."""
    lost: int
    doubled: int
    out_of_order: int
    most_receives: int
    reads_a_job: float
    """Of the state table, by the tasks: turns, ledger, sessions."""
    writes_a_job: float
    minutes: float


def measure(jobs: int, tell: Callable[[str], None]) -> list[Figures]:
    """Work a backlog off in each scope."""
    return [_measure(scope, jobs, tell) for scope in SCOPES]


def _measure(scope: str, count: int, tell: Callable[[str], None]) -> Figures:
    capacity, window = LimitSettings.rate_limit_capacity, LimitSettings.rate_limit_window_seconds
    options = Options(speed=SPEED, context={"rate_scope": scope})
    with Harness(options, tell=lambda text: tell(f"{scope}: {text}")) as harness:
        pipeline, site = Pipeline(harness.run), SiteControl(harness.run.site_url)
        site.reset(
            {
                f"further-{number:02}": {"fans": [], "media": []}
                for number in range(len(harness.accounts) + 1, ACCOUNTS + 1)
            }
        )
        store_credentials(site.accounts(), pipeline.clients)
        with pipeline.scaled_to(0):
            began = harness.clock.now()
            accounts = [it["username"] for it in site.accounts()]
            sent = [_send(pipeline, accounts[number % len(accounts)], number) for number in range(count)]
            workflows = pipeline.run.workflows_queue_url

            def is_forwarded() -> bool:
                forwarded = len(pipeline.journal(workflows))
                tell(f"{scope}: {forwarded} of {count} forwarded, nobody is there")
                return forwarded >= count

            harness.clock.until(is_forwarded, within=count * SECONDS_A_JOB + AWAY_SECONDS, each=LOOK_SECONDS)
            harness.clock.jump(max(0.0, began + AWAY_SECONDS - harness.clock.now()))
            site.limits(capacity, window, **POSTS)
            permissions.forget_calls(pipeline)
            tell(f"{scope}: {TASKS} tasks come")
            pipeline.scale_to(TASKS, START_SECONDS)

            def is_done() -> bool:
                done = len(site.messages())
                tell(f"{scope}: {done} of {count} sent")
                return done >= count and all(pipeline.find_result(job) for job in sent)

            with suppress(NotWithin):
                harness.clock.until(is_done, within=count * SECONDS_A_JOB + AWAY_SECONDS, each=LOOK_SECONDS)
            return _figures(scope, sent, pipeline, site)


def _send(pipeline: Pipeline, account: str, number: int) -> SentJob:
    return pipeline.send(
        {
            "action": "send_message",
            "creator_id": account,
            "user_id": f"fan-{1 + number % 10:03}",
            "message_content": f"no. {number}",
        }
    )


def _figures(scope: str, sent: Sequence[SentJob], pipeline: Pipeline, site: SiteControl) -> Figures:
    capacity, window = LimitSettings.rate_limit_capacity, LimitSettings.rate_limit_window_seconds
    messages = site.messages()
    by_account: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for it in messages:
        by_account[it["account"]].append((it["time"], int(it["text"].split()[-1])))
    groups = [[moment for moment, _ in it] for it in by_account.values()]
    if scope == "pipeline":
        groups = [[it["time"] for it in messages]]
    texts = [it["text"] for it in messages]
    # Ten go at once, and ten in each window after it.
    shares = [(len(it) - 1) // capacity * window / (max(it) - min(it)) for it in groups if len(it) > capacity]
    return Figures(
        scope=scope,
        jobs=len(sent),
        accounts=len(by_account),
        worst_window=max(worst_window(it) for it in groups),
        answers_429=sum(it["status"] == HTTPStatus.TOO_MANY_REQUESTS for it in site.requests()),
        share_of_rate=min(shares, default=None),
        lost=len(sent) - len(set(texts)),
        doubled=len(texts) - len(set(texts)),
        out_of_order=sum(
            later < earlier for each in by_account.values() for (_, earlier), (_, later) in pairwise(sorted(each))
        ),
        most_receives=max(it["receive_count"] for it in pipeline.journal(pipeline.run.workflows_queue_url)),
        reads_a_job=_calls(pipeline, "Get", "Query") / len(sent),
        writes_a_job=_calls(pipeline, "Put", "Update", "Delete") / len(sent),
        minutes=max(max(it) - min(it) for it in groups) / 60,
    )


def _calls(pipeline: Pipeline, *verbs: str) -> int:
    task_role, _ = permissions.task_roles(pipeline)
    actions = tuple(f"dynamodb:{verb}" for verb in verbs)
    return sum(
        it["count"]
        for it in permissions.calls(pipeline)
        if it["role"] == task_role and it["action"].startswith(actions)
    )


def problems(figures: Sequence[Figures]) -> list[str]:
    """Say which figures are beyond their limits."""
    found = []
    for it in figures:
        if it.worst_window > LimitSettings.rate_limit_capacity:
            found.append(f"{it.scope}: {it.worst_window} in the worst window")
        counts = {name: getattr(it, name) for name in ("answers_429", "lost", "doubled", "out_of_order")}
        found += [f"{it.scope}: {name} is {count}" for name, count in counts.items() if count]
        if it.share_of_rate is not None and it.share_of_rate < LEAST_SHARE:
            found.append(f"{it.scope}: {it.share_of_rate:.1%} of the possible rate, less than {LEAST_SHARE:.0%}")
    return found


def main() -> None:
    """Measure and print; exit 1 where a figure is beyond its limit."""
    parser = argparse.ArgumentParser(prog="huntaze bench site")
    parser.add_argument("jobs", nargs="?", type=int, default=300, help="jobs that wait")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=options.json) as progress:
        task = progress.add_task("")
        figures = measure(options.jobs, lambda text: progress.update(task, description=text))
    wrong = problems(figures)
    if options.json:
        print(json.dumps({"backlogs": [asdict(it) for it in figures], "beyond": wrong}))
    else:
        table = Table(*(name.replace("_", " ") for name in asdict(figures[0])))
        for it in figures:
            table.add_row(*(f"{each:.2f}" if isinstance(each, float) else str(each) for each in asdict(it).values()))
        Console().print(table)
        for line in wrong:
            Console().print(f"[red]{line}[/]")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
