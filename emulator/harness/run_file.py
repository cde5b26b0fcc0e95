"""run.json: what another program needs to use a running harness. A fixed contract: fields are added, never changed."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psutil
from localprocs.host import living_file
from localprocs.vclock import Speed

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
    return living_file.find(Run, path)
