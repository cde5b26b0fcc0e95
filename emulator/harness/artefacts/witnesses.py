"""The running harness as a witness: its site, queues, stores, tasks and logs, as they are when a test has failed."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from localprocs.host.standing import uses

from emulator.drawing import incident, timeline
from emulator.harness import log_groups
from emulator.harness.artefacts import known_secrets, traces
from emulator.harness.artefacts.browsers import keep_pictures
from emulator.harness.artefacts.redaction import BUNDLE_PREFIX
from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.harness.victims import Victims
from huntaze_scraper import names
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.errors import WrongQuestion
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.writing import write_bundle
from huntaze_scraper.operations.target import pipeline as pipeline_target
from huntaze_scraper.state.attributes import read_all
from huntaze_scraper.state.keys import Kind, name_of

FILES = ("emulator.log", "site.log")
MOST_OBJECTS = 200
LAST_SHARES = (1.0, 0.3, 0.1, 0.03)
"""How much of a test's time is captured, from its end: all, or what is not too much."""
RUNNING: "pytest.StashKey[Harness]" = pytest.StashKey()
"""The session's harness, once it is up."""
FRESH: "pytest.StashKey[list[HarnessWitness]]" = pytest.StashKey()
"""Who has seen it from then on."""
_USERS = ("harness", "emulator", "site", "clock", "pipeline")
"""The fixtures that use the session's harness."""


def uses_harness(item: pytest.Item) -> bool:
    """Tell whether a test uses the session's harness."""
    return uses(item, _USERS, "emulator.harness.pytest_plugin")


class Witness(Protocol):
    """What a fixture is that has something to tell about a failing test."""

    def keep_artefacts(self, folder: Path) -> Collection[str]:
        """Write it to the folder, and return the secrets that it may hold."""
        ...


@dataclass
class HarnessWitness:
    """Tells what happened in a harness since a test began."""

    harness: Harness
    began: float = 0.0
    """Virtual seconds since the epoch."""
    read: dict[str, int] = field(default_factory=dict)
    """How long the log files were."""

    @classmethod
    def from_now(cls, harness: Harness) -> "HarnessWitness":
        """Tell what happens from now on."""
        sizes = {name: _size(harness.logs / name) for name in FILES}
        return cls(harness, harness.clock.now(), sizes)

    def seconds(self) -> float:
        """Return how many virtual seconds have passed since then."""
        return self.harness.clock.now() - self.began

    def keep_artefacts(self, folder: Path) -> Collection[str]:
        """Write each thing to a file of its own; what cannot be had says why in its place."""
        parts: dict[str, Callable[[Path], None]] = {
            "run.json": lambda file: _write(file, asdict(self.harness.run)),
            "site.json": self._site,
            "queues.json": self._queues,
            "state.json": self._state,
            "timeline.html": self._timeline,
            "tasks.json": self._tasks,
            "results": self._results,
            "scraper.log": lambda file: self._log_group(names.SCRAPER_LOGS, file),
            "limiter.log": lambda file: self._log_group(f"/aws/lambda/{self.harness.run.lambda_function}", file),
            **dict.fromkeys(FILES, self._log_file),
            "browser": lambda file: keep_pictures(self._pids(), file.parent),
            "trace": lambda file: self._traces(file.parent),
            "incident": lambda file: self._incident(file.parent),
        }
        for name, keep in parts.items():
            try:
                keep(folder / name)
            except Exception as error:  # noqa: BLE001 - one part's trouble must not cost the others
                (folder / f"{name}.error").write_text(f"{type(error).__name__}: {error}\n")
        return list(self.secrets())

    def _site(self, file: Path) -> None:
        site = SiteControl(self.harness.run.site_url)
        asked = http_client.get(f"{site.url}/_control/faults", timeout=10).json()
        _write(file, {"requests": site.requests(), "messages": site.messages(), "faults": asked})

    def _queues(self, file: Path) -> None:
        run, pipeline = self.harness.run, Pipeline(self.harness.run)
        told = {}
        for name in ("ingress_queue_url", "ingress_dlq_url", "workflows_queue_url", "workflows_dlq_url"):
            url = getattr(run, name)
            journal = pipeline.journal(url)
            told[name.removesuffix("_url")] = {
                "attributes": run.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"],
                "holds": [it["message_id"] for it in journal if not it["deleted"]],
                "journal": journal,
            }
        _write(file, told)

    def _state(self, file: Path) -> None:
        # Sessions are secrets; all else is told.
        _write(file, [it for it in self._items() if not it["pk"]["S"].startswith(Kind.SESSION.prefix)])

    def _timeline(self, file: Path) -> None:
        """Draw every job's way; what is read is what the other files hold."""
        run, pipeline = self.harness.run, Pipeline(self.harness.run)
        letters = [pipeline.journal(url) for url in (run.ingress_queue_url, run.workflows_queue_url)]
        fresh = [it for it in letters[0] if it["sent"] >= self.began]
        items = {
            name_of(it["pk"]["S"]): read_all(it) for it in self._items() if it["pk"]["S"].startswith(Kind.JOB.prefix)
        }
        lines = [
            parsed for line in log_groups.lines(names.SCRAPER_LOGS, run.clients, self.began) if (parsed := _line(line))
        ]
        found = timeline.gather(fresh, letters[1], items, lines, self.harness.clock.now())
        file.write_text(timeline.page("What became of each job", found))

    def _tasks(self, file: Path) -> None:
        run = self.harness.run
        services = run.clients.ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"]
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in run.clients.ecs.list_tasks(cluster=run.ecs_cluster, desiredStatus=status)["taskArns"]
        ]
        tasks = run.clients.ecs.describe_tasks(cluster=run.ecs_cluster, tasks=arns)["tasks"] if arns else []
        _write(file, {"services": services, "tasks": tasks})

    def _results(self, folder: Path) -> None:
        run = self.harness.run
        listed = run.clients.s3.list_objects_v2(Bucket=run.results_bucket, Prefix="results/").get("Contents", [])
        fresh = [it for it in listed if it["LastModified"].timestamp() >= self.began - 1]
        for each in fresh[-MOST_OBJECTS:]:
            file = folder / each["Key"].removeprefix("results/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(run.clients.s3.get_object(Bucket=run.results_bucket, Key=each["Key"])["Body"].read())

    def _log_group(self, group: str, file: Path) -> None:
        lines = log_groups.lines(group, self.harness.clients, since=self.began)
        file.write_text("".join(f"{line}\n" for line in lines))

    def _log_file(self, file: Path) -> None:
        with (self.harness.logs / file.name).open("rb") as log:
            log.seek(self.read.get(file.name, 0))
            file.write_bytes(log.read())

    def _traces(self, kept: Path) -> None:
        traces.keep((it for it in traces.of_tasks(self.harness.run) if it.until >= self.began), kept)

    def _incident(self, kept: Path) -> None:
        """Keep a bundle that can be replayed, if the test was about jobs."""
        run = self.harness.run
        target = pipeline_target(run.clients, lambda name: str(getattr(run, name)))
        now = self.harness.clock.now()
        until = datetime.fromtimestamp(now, UTC)
        for share in LAST_SHARES:  # of a load test, what a bundle can hold
            since = datetime.fromtimestamp(now - (now - self.began) * share, UTC)
            with suppress(WrongQuestion):
                bundle = capture(target, Question(since=since, until=until, has_since=True))
                write_bundle(bundle, kept / f"{BUNDLE_PREFIX}{bundle.manifest.name}.zip", incident.page(bundle))
                return

    def _pids(self) -> list[int]:
        return [it.pid for it in Victims(self.harness.run).tasks()]

    def _items(self) -> Iterator[dict[str, Any]]:
        run = self.harness.run
        for page in run.clients.dynamodb.get_paginator("scan").paginate(TableName=run.state_table):
            yield from page["Items"]

    def secrets(self) -> Iterator[str]:
        """Tell every secret that this run knows: the site's passwords, secrets' values, sessions' cookies.

        Of a part that does not answer any more, only what was known before: the rest is taken out by its place.
        """
        for account in self.harness.accounts:
            yield from (account[name] for name in ("password", "totp_secret") if account.get(name))
        with suppress(BotoCoreError, ClientError, httpx.HTTPError, HarnessError):
            yield from known_secrets.of(self.harness.run)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n")


def _line(text: str) -> dict[str, Any]:
    """Read a line of the scraper's log, with its moment; empty for what is none."""
    try:
        line = json.loads(text)
        return {**line, "at": datetime.fromisoformat(line["timestamp"]).timestamp()}
    except (ValueError, TypeError, KeyError):
        return {}
