"""run.json: what another program needs to use a running harness. A fixed contract: fields are added, never changed."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emulator.harness.clients import Clients
from emulator.harness.errors import HarnessError


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
    speed: float
    logs_dir: str
    control_url: str
    clock_env: dict[str, str] = field(default_factory=dict)
    pid: int = field(default_factory=os.getpid)

    @property
    def clients(self) -> Clients:
        """boto3 clients for its endpoint."""
        return Clients(self.aws_endpoint_url, self.region)


def write(run: Run, path: Path) -> None:
    """Write the file in one step: a reader sees all of it or none."""
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(run), indent=2) + "\n")
    partial.replace(path)


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
        os.kill(run.pid, 0)
    except FileNotFoundError:
        return None
    except (ProcessLookupError, ValueError, TypeError):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return None
    return run
