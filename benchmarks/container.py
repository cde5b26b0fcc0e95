"""The scraper's image as Fargate would run it, 1 vCPU and 2 GB: its size, start to first poll, memory (issue: ship it)."""

import json
import statistics
import time
from collections.abc import Iterator
from datetime import datetime

import docker
import httpx
from docker.models.containers import Container

from benchmarks._arguments import wants_json
from emulator.harness.containers import DOCKERFILES, SCRAPER_IMAGE, TASK
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from tests.integration.deep_queue import fill_workflows_queue

STARTS, JOBS, PATIENCE_SECONDS, REST_SECONDS, MIB = 3, 300, 600.0, 20, 2**20


def task_container(engine: docker.DockerClient) -> Container:
    """Return the task's container; one that is ending may still be there."""
    found: list[Container] = engine.containers.list(filters={"label": TASK})
    return max(found, key=lambda each: str(each.attrs["Created"]))


def memory_mib(task: Container) -> float:
    """Return what `docker stats` shows: the control group's memory without the files that could be dropped."""
    told = task.stats(stream=False)["memory_stats"]
    details = told["stats"]
    return float(told["usage"] - details.get("inactive_file", details.get("total_inactive_file", 0))) / MIB


def start_to_first_poll(pipeline: Pipeline, engine: docker.DockerClient) -> float:
    """Start a task; return the seconds from its container's start to its first ReceiveMessage, as IAM saw it."""
    calls = f"{pipeline.run.aws_endpoint_url}/_emulator/iam/calls"
    pipeline.scale_to(0)
    httpx.delete(calls, timeout=30).raise_for_status()
    pipeline.scale_to(1)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        told = httpx.get(calls, timeout=30).json()
        rows = told["calls"] if isinstance(told, dict) else told
        polled = [
            row["first"] for row in rows if row["action"] == "sqs:ReceiveMessage" and row["resource"].endswith(".fifo")
        ]
        if polled:
            begun = task_container(engine).attrs["State"]["StartedAt"]
            return float(min(polled)) - datetime.fromisoformat(begun).timestamp()
        time.sleep(0.05)
    raise TimeoutError


def memory_under_load(pipeline: Pipeline, task: Container) -> Iterator[float]:
    """Work off the jobs, and tell the memory each second or so."""
    fill_workflows_queue(pipeline, JOBS)
    until = time.monotonic() + PATIENCE_SECONDS
    while pipeline.depth(pipeline.run.workflows_queue_url):
        if time.monotonic() > until:
            raise TimeoutError
        yield memory_mib(task)


def main() -> None:
    """Measure and print, by the machine's clock."""
    as_json = wants_json("container")
    engine = docker.from_env()
    with Harness(Options(in_containers=True)) as harness:
        pipeline = Pipeline(harness.run)
        starts = [start_to_first_poll(pipeline, engine) for _ in range(STARTS)]
        task = task_container(engine)
        time.sleep(REST_SECONDS)
        at_rest = memory_mib(task)
        begun = time.monotonic()
        loaded = list(memory_under_load(pipeline, task))
        seconds = time.monotonic() - begun
        figures = {
            "image_mb": {name: round(engine.images.get(name).attrs["Size"] / 1e6) for name in DOCKERFILES},
            "scraper_layers": len(engine.images.get(SCRAPER_IMAGE).attrs["RootFS"]["Layers"]),
            "start_to_first_poll_seconds": round(statistics.median(starts), 2),
            "memory_at_rest_mib": round(at_rest),
            "memory_under_load_mib": {"median": round(statistics.median(loaded)), "most": round(max(loaded))},
            "memory_after_mib": round(memory_mib(task)),
            "jobs": JOBS,
            "jobs_a_second": round(JOBS / seconds, 1),
        }
    print(json.dumps(figures, indent=None if as_json else 2))


if __name__ == "__main__":
    main()
