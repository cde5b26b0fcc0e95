"""The scraper: a job against its bare browser steps, jobs a second, and the memory that it settles at."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.async_api import Page, Playwright, async_playwright
from rich.console import Console
from rich.table import Table

from benchmarks._arguments import wants_json
from emulator.harness import places
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper import jobs
from huntaze_scraper.onlyfans.browser import FLAGS
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.settings import WorkerSettings
from huntaze_scraper.telemetry import logs
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.application import Application
from huntaze_scraper.worker.outcome import Status

ROUNDS = 30
GROUPS = (1, 2, 4)
JOBS_A_GROUP_COUNT = 24
SITE_SECONDS = 0.2
MEMORY_AFTER = (100, 500, 1000)
LIMITS = {
    "job / bare steps": ("at most", 1.25),
    "new context / job": ("at least", 2.0),
    "new browser / job": ("at least", 3.0),
}
TASK_MIB = 2048
"""What the task has; Chromium and worker must stay well below."""
PATIENCE_SECONDS = 900.0
ACCOUNTS = ("creator-01", "creator-02", "creator-04", "creator-05")
FAN = "fan-001"


@dataclass
class Stage:
    """The emulated cloud and the site, with no scraper of their own at work."""

    harness: Harness
    sent: int = field(default=0)

    @property
    def settings(self) -> WorkerSettings:
        """What a scraper is told."""
        run = self.harness.run
        return WorkerSettings(
            workflows_queue_url=run.workflows_queue_url,
            workflows_dlq_url=run.workflows_dlq_url,
            state_table=run.state_table,
            results_bucket=run.results_bucket,
            credentials_secret_id=run.credentials_secret_id,
            site_url=run.site_url,
            media_hosts=urlsplit(run.site_url).netloc,
            chromium_path=places.chromium(),
            health_port=0,
            rate_limit_capacity=400,  # with the next, more than it can do: not its limit is measured
            rate_limit_window_seconds=1.0,
        )

    def send(self, account: str) -> None:
        """Put a message to a fan on the workflows queue, as the limiter does."""
        self.sent += 1
        payload = {
            "action": "send_message",
            "creator_id": account,
            "user_id": FAN,
            "message_content": f"Message {self.sent}",
            "timestamp": "2025-01-01T00:00:00Z",
        }
        job = jobs.parse(json.dumps(payload))
        self.harness.clients.sqs.send_message(
            QueueUrl=self.harness.run.workflows_queue_url,
            MessageBody=json.dumps(payload),
            MessageGroupId=job.group_id,
            MessageDeduplicationId=job.job_id,
        )

    def stop_service(self) -> None:
        """Have the deployed service run no task."""
        run, ecs = self.harness.run, self.harness.clients.ecs
        ecs.update_service(cluster=run.ecs_cluster, service=run.ecs_service, desiredCount=0)
        _await(lambda: not ecs.list_tasks(cluster=run.ecs_cluster, serviceName=run.ecs_service)["taskArns"])


async def measure_job(stage: Stage) -> dict[str, list[float]]:
    """Return the seconds of a job from receive to delete in three ways, and of its bare steps, taken in turns."""
    environment = {
        "AWS_ENDPOINT_URL": stage.harness.run.aws_endpoint_url,
        "AWS_DEFAULT_REGION": stage.harness.run.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    os.environ.update(environment)
    async with async_playwright() as playwright:
        application = Application(stage.settings, Redactor())
        try:
            return await _in_turns(stage, playwright, application)
        finally:
            await application.browser.close()


async def _in_turns(stage: Stage, playwright: Playwright, application: Application) -> dict[str, list[float]]:
    chat = f"{stage.harness.run.site_url}/my/chats/chat/{FAN}"
    account = ACCOUNTS[0]

    async def job(put_away: Callable[[Tab], Awaitable[None]] | None = None) -> float:
        await asyncio.to_thread(stage.send, account)
        (message,) = await application.queue.receive(1)
        begun = time.perf_counter()
        if put_away:
            await put_away(await application.tabs.take(account))
        outcome = await application.processor.process(message)
        await application.queue.delete(message)
        took = time.perf_counter() - begun
        assert outcome.status is Status.SUCCEEDED, outcome
        return took

    await job()  # with the log-in
    tab = await application.tabs.take(account)
    state = await tab.context.storage_state()
    await application.tabs.keep(account, tab)
    chromium = await playwright.chromium.launch(executable_path=places.chromium(), args=list(FLAGS))
    reused = await (await chromium.new_context(storage_state=state)).new_page()

    async def bare() -> float:
        begun = time.perf_counter()
        await _steps(reused, chat)
        return time.perf_counter() - begun

    async def new_context() -> float:
        return await job(application.tabs.discard)

    async def new_browser() -> float:
        return await job(partial(application.tabs.discard, replace_browser=True))

    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "job": job,
        "bare steps": bare,
        "a job in a new context": new_context,
        "a job in a new browser": new_browser,
    }
    for way in ways.values():
        await way()
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            took[name].append(await way())
    return took


async def _steps(page: Page, chat: str) -> None:
    """Open the chat, type, click, and wait for the answer."""
    await page.goto(chat)
    await page.fill("[data-testid=chat-input]", "Message")
    async with page.expect_response(lambda response: response.request.method == "POST") as answer:
        await page.click("[data-testid=chat-send]")
    await (await answer.value).json()


@contextmanager
def _worker(stage: Stage) -> Iterator[psutil.Process]:
    """Run a scraper as its container does."""
    environment = {
        **os.environ,
        **stage.settings.to_env(),
        "AWS_ENDPOINT_URL": stage.harness.run.aws_endpoint_url,
        "AWS_REGION": stage.harness.run.region,
        "AWS_DEFAULT_REGION": stage.harness.run.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "huntaze_scraper.worker"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(120)


def measure_rate(stage: Stage, site: SiteControl) -> dict[int, float]:
    """Return jobs a second by the number of groups, at a site that takes its time over each answer."""
    rates = {}
    with _worker(stage):
        before = len(site.messages())
        for account in ACCOUNTS:
            stage.send(account)
        _await_messages(site, before + len(ACCOUNTS))
        site.faults({"match": {}, "fault": {"kind": "delay", "seconds": SITE_SECONDS}})
        for groups in GROUPS:
            before = len(site.messages())
            for number in range(JOBS_A_GROUP_COUNT):
                stage.send(ACCOUNTS[number % groups])
            _await_messages(site, before + JOBS_A_GROUP_COUNT)
            times = [message["time"] for message in site.messages()[before:]]
            rates[groups] = (len(times) - 1) / (max(times) - min(times))
        site.faults()
    return rates


def measure_memory(stage: Stage, site: SiteControl) -> dict[int, dict[str, float]]:
    """Return the MiB of a scraper and its Chromium after so many jobs of four accounts."""
    figures = {}
    with _worker(stage) as worker:
        before, done = len(site.messages()), 0
        for number in MEMORY_AFTER:
            for each in range(done, number):
                stage.send(ACCOUNTS[each % len(ACCOUNTS)])
            _await_messages(site, before + number)
            done = number
            figures[number] = _memory(worker)
    return figures


def _memory(worker: psutil.Process) -> dict[str, float]:
    by_kind = {"python": 0.0, "driver": 0.0, "chromium": 0.0}
    for process in [worker, *worker.children(recursive=True)]:
        try:
            size = process.memory_full_info().pss / 2**20
            name = process.name()
        except psutil.NoSuchProcess:
            continue
        kind = "python" if process.pid == worker.pid else "driver" if name.startswith("node") else "chromium"
        by_kind[kind] += size
    return by_kind | {"all": sum(by_kind.values())}


def _await_messages(site: SiteControl, number: int) -> None:
    _await(lambda: len(site.messages()) >= number)


def _await(is_so: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.2)


def main() -> None:
    """Measure and print."""
    as_json = wants_json("scraper")
    logs.configure(Redactor(), sys.stderr, level=40)
    with Harness() as harness:
        stage = Stage(harness)
        site = SiteControl(harness.run.site_url)
        stage.stop_service()
        Pipeline(harness.run).forget()
        say = Console(stderr=True).print
        say(f"1 of 3: a job against its bare steps, {ROUNDS} rounds")
        took = asyncio.run(measure_job(stage))
        say(", ".join(f"{name} {statistics.median(values) * 1000:.0f} ms" for name, values in took.items()))
        say(f"2 of 3: jobs a second with {', '.join(map(str, GROUPS))} groups")
        rates = measure_rate(stage, site)
        say(", ".join(f"{rate:.1f}" for rate in rates.values()))
        say(f"3 of 3: memory, {MEMORY_AFTER[-1]} jobs")
        memory = measure_memory(stage, site)
    median = {name: statistics.median(values) * 1000 for name, values in took.items()}
    ratios = {
        "job / bare steps": median["job"] / median["bare steps"],
        "new context / job": median["a job in a new context"] / median["job"],
        "new browser / job": median["a job in a new browser"] / median["job"],
    }
    missed = [name for name, ratio in ratios.items() if not _is_kept(name, ratio)]
    missed += [f"{groups} groups" for less, groups in pairwise(rates) if rates[groups] <= rates[less]]
    missed += [f"memory after {number} jobs" for number, mib in memory.items() if mib["all"] > TASK_MIB]
    if as_json:
        figures = {"median_ms": median, "ratios": ratios, "jobs_a_second": rates, "memory_mib": memory}
        print(json.dumps(figures | {"limits": LIMITS, "missed": missed}))
    else:
        _show(median, ratios, rates, memory)
    if missed:
        sys.exit(f"off the limits: {', '.join(missed)}")


def _is_kept(name: str, ratio: float) -> bool:
    word, limit = LIMITS[name]
    return ratio <= limit if word == "at most" else ratio >= limit


def _show(
    median: dict[str, float],
    ratios: dict[str, float],
    rates: dict[int, float],
    memory: dict[int, dict[str, float]],
) -> None:
    console = Console()
    table = Table("what", "median ms", title=f"send_message, {ROUNDS} rounds in turns")
    for name, value in median.items():
        table.add_row(name, f"{value:.0f}")
    console.print(table)
    table = Table("ratio", "measured", "wanted")
    for name, value in ratios.items():
        word, limit = LIMITS[name]
        table.add_row(name, f"{value:.2f}", f"{word} {limit}")
    console.print(table)
    table = Table("groups", "jobs a second", "wanted", title=f"at a site that answers in {SITE_SECONDS * 1000:.0f} ms")
    for groups, rate in rates.items():
        table.add_row(str(groups), f"{rate:.1f}", "more than with fewer groups" if groups > GROUPS[0] else "")
    console.print(table)
    table = Table("after jobs", *next(iter(memory.values())), "wanted", title="memory (PSS), MiB")
    for number, figures in memory.items():
        table.add_row(str(number), *(f"{value:.0f}" for value in figures.values()), f"at most {TASK_MIB} in all")
    console.print(table)


if __name__ == "__main__":
    main()
