"""The console's figures: first paint with 10,000 jobs, how soon an event is shown, its script, its share of a core."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import psutil
from localprocs.host import living_file
from localprocs.host.child import free_port
from localprocs.vclock import AUTO, Clock, WallClock
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks._arguments import wants_json
from emulator.console.web.app import STATIC
from emulator.harness import places
from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run

JOBS, BATCH, ROUNDS = 10_000, 10, 7
HOURS = 3
PARTS = ("", "jobs", "pictures")
"""The pages that are open."""
WATCHED_SECONDS = 10.0
START_SECONDS = 60
LIMITS = {
    "first paint with 10,000 jobs, ms": 300.0,
    "an event is shown after, ms": 250.0,
    "script, KB": 100.0,
    "of a core, nobody looks, %": 2.0,
    "an idle hour, three pages open, times as long": 1.5,
}
FIRST_PAINT = """() => new Promise((tell) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) tell(found.startTime);
}).observe({ type: "paint", buffered: true }))"""


@contextmanager
def console(run: Run) -> Iterator[tuple[str, psutil.Process]]:
    """Serve the console from a process of its own, as ``./huntaze console`` does, and give its address."""
    living_file.write(run, places.state_directory() / "run.json")
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [str(places.ROOT / "huntaze"), "console", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            await_answer(url)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()


def await_answer(url: str) -> None:
    """Return when the page answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            http_client.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise HarnessError(f"the console did not answer within {START_SECONDS} s")


def fill(pipeline: Pipeline) -> None:
    """Put jobs on the ingress queue while nobody takes them."""
    lambda_, sqs = pipeline.clients.lambda_, pipeline.clients.sqs
    for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    for start in range(0, JOBS, BATCH):
        entries = [
            {"Id": str(number), "MessageBody": json.dumps(job(number))} for number in range(start, start + BATCH)
        ]
        sqs.send_message_batch(QueueUrl=pipeline.run.ingress_queue_url, Entries=entries)  # type: ignore[arg-type]


def job(number: int) -> dict[str, str]:
    """Return a job."""
    return {
        "action": "send_message",
        "creator_id": f"creator-0{number % 3 + 1}",
        "user_id": "fan-001",
        "message_content": f"message {number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }


def first_paint(browser: Browser, url: str) -> float:
    """Return the milliseconds from the call of the list of jobs to its first paint."""
    page = browser.new_page()
    page.goto(f"{url}jobs")
    painted = float(page.evaluate(FIRST_PAINT))
    page.close()
    return painted


def event_shown(page: Page, pipeline: Pipeline, number: int) -> float:
    """Return the milliseconds from a job's sending until an open page shows it."""
    sent = pipeline.send(job(JOBS + number))
    begun = time.monotonic()
    page.wait_for_selector(f"#job-{sent.job_id[:16]}", state="attached")
    return (time.monotonic() - begun) * 1000


def share(process: psutil.Process) -> float:
    """Return the console's share of a core, in per cent, over some seconds."""
    processes = [process, *process.children(recursive=True)]
    before, begun = sum(sum(it.cpu_times()[:2]) for it in processes), time.monotonic()
    time.sleep(WATCHED_SECONDS)
    used = sum(sum(it.cpu_times()[:2]) for it in processes) - before
    return used / (time.monotonic() - begun) * 100


def hour_lasts(clock: Clock | WallClock) -> float:
    """Return the seconds that an hour takes in which nothing is to be done."""
    begun = time.monotonic()
    clock.advance(3600)
    return time.monotonic() - begun


def idle_hours() -> dict[str, float]:
    """Return how many seconds an idle hour takes where time leaps, and how many times as long with pages open."""
    with Harness(Options(speed=AUTO)) as harness, console(harness.run) as (url, _), sync_playwright() as playwright:
        hour_lasts(harness.clock)
        alone = median(hour_lasts(harness.clock) for _ in range(HOURS))
        browser = playwright.chromium.launch(executable_path=places.chromium() or None, args=["--no-sandbox"])
        for part in PARTS:
            browser.new_page().goto(url + part)
        watched = median(hour_lasts(harness.clock) for _ in range(HOURS))
        browser.close()
    return {"an idle hour, s": alone, "an idle hour, three pages open, times as long": watched / alone}


def measure() -> dict[str, float]:
    """Return all figures."""
    figures = {"script, KB": sum(it.stat().st_size for it in STATIC.glob("*.js")) / 1000} | idle_hours()
    with Harness() as harness, console(harness.run) as (url, process), sync_playwright() as playwright:
        pipeline = Pipeline(harness.run)
        path = places.chromium() or None
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        figures["of a core, nobody looks, %"] = share(process)
        pages = [browser.new_page() for _ in range(3)]
        for page, part in zip(pages, PARTS, strict=True):
            page.goto(url + part)
        for number in range(10):
            pipeline.send(job(-number))
        figures["of a core, three pages open under load, %"] = share(process)
        figures["an event is shown after, ms"] = median(event_shown(pages[1], pipeline, it) for it in range(ROUNDS))
        for page in pages:
            page.close()
        fill(pipeline)
        first_paint(browser, url)
        figures["first paint with 10,000 jobs, ms"] = median(first_paint(browser, url) for _ in range(ROUNDS))
        browser.close()
    return figures


def median(values: Iterator[float] | Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def main() -> None:
    """Measure and print."""
    as_json = wants_json("console")
    figures = measure()
    if as_json:
        print(json.dumps(figures))
    else:
        table = Table("figure", "median", "limit")
        for name, value in figures.items():
            limit = LIMITS.get(name)
            colour = "red" if limit is not None and value > limit else "green"
            table.add_row(name, f"[{colour}]{value:.1f}[/]", "" if limit is None else f"{limit:g}")
        Console().print(table)
    sys.exit(any(figures[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    main()
