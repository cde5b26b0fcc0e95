"""run.json: what another program needs to use a running harness. A fixed contract: fields are added, never changed."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import psutil
from localprocs.vclock import Speed

from emulator.harness.clients import Clients
from emulator.harness.errors import HarnessError

_SAME_SECONDS = 2.0
"""How far two readings of a process's start may lie apart, when the machine's date was put right in between."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A harness that is ready."""

    aws_endpoint_url: str
    region: str
    account_id: str
    ingress_queue_url: str
    ingress_dlq_url: str
    workflows_queue_url: str
    workflows_dlq_url: str
    results_bucket: str
    state_table: str
    alarm_topic_arn: str
    credentials_secret_id: str
    ecs_cluster: str
    ecs_service: str
    lambda_function: str
    site_url: str
    speed: Speed
    logs_dir: str
    control_url: str
    console_url: str = ""
    control_token: str = ""
    """Whoever wants to change something through the console shows it."""
    clock_env: dict[str, str] = field(default_factory=dict)
    pid: int = field(default_factory=os.getpid)
    started: float = field(default_factory=lambda: psutil.Process().create_time())
    """When the process began (epoch seconds): another one may have the same pid later."""

    @cached_property
    def clients(self) -> Clients:
        """boto3 clients for its endpoint, the same ones each time: to make one takes a tenth of a second."""
        return Clients(self.aws_endpoint_url, self.region)


def write(run: Run, path: Path) -> None:
    """Write the file in one step: a reader sees all of it or none."""
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        partial.write_text(json.dumps(asdict(run), indent=2) + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> Run:
    """Read the file of a running harness.

    Raises:
        HarnessError: no harness runs there.
    """
    run = find(path)
    if run is None:
        raise HarnessError("no harness is up: start one with ./huntaze up")
    return run


def find(path: Path) -> Run | None:
    """Return the harness that runs there, if one does; the file of a killed one is removed."""
    try:
        run = Run(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        run = None
    if run is not None and is_alive(run):
        return run
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    return None


def is_alive(run: Run) -> bool:
    """Whether the very process still runs: one that ended and waits for its parent to look does not."""
    try:
        process = psutil.Process(run.pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - run.started) < _SAME_SECONDS
    except psutil.NoSuchProcess:
        return False
