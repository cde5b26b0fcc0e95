"""The scraper's image as Fargate would run it, 1 vCPU and 2 GB: its size, start to first poll, memory.

With ``--platform``, the image for that processor, built and run by whichever engine is here: size, layers and start.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import httpx
from docker.models.containers import Container

from emulator.harness import places
from emulator.harness.containers import DOCKERFILES, SCRAPER_IMAGE, TASK
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from tests.image.tasks import in_image
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


def start_to_first_poll(pipeline: Pipeline, begun: Callable[[], float]) -> float:
    """Start a task; return the seconds from its beginning to its first ReceiveMessage, as IAM saw it."""
    calls = f"{pipeline.run.aws_endpoint_url}/_emulator/iam/calls"
    pipeline.scale_to(0, PATIENCE_SECONDS)
    httpx.delete(calls, timeout=30).raise_for_status()
    pipeline.scale_to(1, PATIENCE_SECONDS)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        told = httpx.get(calls, timeout=30).json()
        rows = told["calls"] if isinstance(told, dict) else told
        polled = [
            row["first"] for row in rows if row["action"] == "sqs:ReceiveMessage" and row["resource"].endswith(".fifo")
        ]
        if polled:
            return float(min(polled)) - begun()
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


def of_platform(platform: str) -> dict[str, Any]:
    """Build the image for a processor; return its size, layers and start on this machine, emulated or not.

    Raises:
        HarnessError: it cannot be built here; quotes why.
    """
    script = str(places.ROOT / "scripts" / "build-scraper-image.sh")
    options = os.environ.get("HUNTAZE_IMAGE_OPTIONS", "").split()
    command = [script, *options, "--no-push", "--no-start", "--platform", platform]
    begun = time.monotonic()
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    name = re.search(r"building (\S+) for \S+ with (\w+)", built.stderr)
    size = re.search(r"(\d+) MB, (\d+) layers", built.stderr)
    if built.returncode or name is None or size is None:
        raise HarnessError(built.stderr.strip()[-2000:])
    build_seconds = time.monotonic() - begun

    with (
        tempfile.TemporaryDirectory() as folder,
        Harness(Options(stand_in=in_image(Path(folder), f"{name[2]} {name[1]} {platform}"))) as harness,
    ):
        pipeline, run = Pipeline(harness.run), harness.run

        def task_began() -> float:
            ecs = pipeline.clients.ecs
            arns = ecs.list_tasks(cluster=run.ecs_cluster, serviceName=run.ecs_service)["taskArns"]
            tasks = ecs.describe_tasks(cluster=run.ecs_cluster, tasks=arns)["tasks"]
            return max(task["startedAt"] for task in tasks).timestamp()

        starts = [start_to_first_poll(pipeline, task_began) for _ in range(STARTS)]
    return {
        "platform": platform,
        "engine": name[2],
        "build_seconds": round(build_seconds),
        "image_mb": int(size[1]),
        "scraper_layers": int(size[2]),
        "start_to_first_poll_seconds": round(statistics.median(starts), 2),
    }


def in_engine() -> dict[str, Any]:
    """Return what a container of this machine's processor takes, by the machine's clock."""
    engine = docker.from_env()

    def container_began() -> float:
        return datetime.fromisoformat(task_container(engine).attrs["State"]["StartedAt"]).timestamp()

    with Harness(Options(in_containers=True)) as harness:
        pipeline = Pipeline(harness.run)
        starts = [start_to_first_poll(pipeline, container_began) for _ in range(STARTS)]
        task = task_container(engine)
        time.sleep(REST_SECONDS)
        at_rest = memory_mib(task)
        begun = time.monotonic()
        loaded = list(memory_under_load(pipeline, task))
        seconds = time.monotonic() - begun
        return {
            "image_mb": {name: round(engine.images.get(name).attrs["Size"] / 1e6) for name in DOCKERFILES},
            "scraper_layers": len(engine.images.get(SCRAPER_IMAGE).attrs["RootFS"]["Layers"]),
            "start_to_first_poll_seconds": round(statistics.median(starts), 2),
            "memory_at_rest_mib": round(at_rest),
            "memory_under_load_mib": {"median": round(statistics.median(loaded)), "most": round(max(loaded))},
            "memory_after_mib": round(memory_mib(task)),
            "jobs": JOBS,
            "jobs_a_second": round(JOBS / seconds, 1),
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="huntaze bench container")
    parser.add_argument("--platform", choices=("linux/arm64", "linux/amd64"), help="the image for this processor")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    try:
        figures = of_platform(arguments.platform) if arguments.platform else in_engine()
    except HarnessError as error:
        sys.exit(str(error))
    print(json.dumps(figures, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()
