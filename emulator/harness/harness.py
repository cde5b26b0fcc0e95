"""The whole thing on one machine: emulated cloud, deployed assembly, fake site, clock; started and stopped as one."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from localprocs.host import deployment
from localprocs.host.assembly import Place
from localprocs.host.child import Part, free_port, require_free
from localprocs.host.control import ControlServer
from localprocs.host.errors import CloudError
from localprocs.host.scratch import Scratch
from localprocs.vclock import AUTO, Clock, Speed, WallClock, open_clock

from emulator.harness import cloud, disk, log_groups, places, site
from emulator.harness.clients import ACCOUNT_ID, REGION, Clients
from emulator.harness.errors import HarnessError
from emulator.harness.ground import Ground, Processes
from emulator.harness.run_file import Run
from infra_cdk.synthesis import synthesise

SERVICE_TIMEOUT_SECONDS = 60
UNSEEN_SPEED = 10.0
"""Where time cannot stand by work."""
KEPT_LOGS = 10
KEPT_SECONDS = 3600
"""Logs younger than this are kept in any number: their harness may still be up."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to start. Ports of 0 are free ones; without a speed nothing is put on a virtual clock.

    In containers, all that is started runs in a Docker engine, tasks as the scraper's image. A harness that is in a
    container itself is told where the emulator is to listen, a site that runs elsewhere, and the tasks' image.
    """

    speed: Speed | None = None
    begins: float | None = None
    """The date at which a virtual clock begins (seconds since the epoch); the machine's where none is told."""
    aws_port: int = 0
    site_port: int = 0
    context: Mapping[str, str] | None = None
    parameters: Mapping[str, str] | None = None
    prepare: Callable[[Clients], object] = lambda _: None
    """Makes what the context names as existing, before the assembly is deployed."""
    in_containers: bool = False
    listen: str = "127.0.0.1"
    site_url: str = ""
    task_image: str = ""
    stand_in: Mapping[str, object] | None = None
    """What tasks that run as processes find in place of an image (``localprocs.ecs.image``), if not this checkout."""
    traced: bool = False
    """Whether tasks record what their browsers do, typed passwords too, for a failing test's artefacts or the console."""


class Harness:
    """A running harness, as a context manager."""

    def __init__(self, options: Options | None = None, tell: Callable[[str], None] = lambda _: None) -> None:
        """Start nothing yet; ``tell`` is called with a short line at each step."""
        self.options = options or Options()
        self._tell = tell
        self._children: list[Part] = []
        self._control: ControlServer | None = None
        self.clock: Clock | WallClock = WallClock()
        self.logs = _log_directory()
        self._scratch = Scratch()
        self.accounts: list[dict[str, Any]] = []
        """The fake site's, with their secrets."""
        self._run: Run | None = None

    @property
    def run(self) -> Run:
        """What run.json holds."""
        if self._run is None:
            raise HarnessError("the harness is not up")
        return self._run

    @property
    def directory(self) -> Path:
        """Where everything lies that is gone with it."""
        return self._scratch.path

    @property
    def clients(self) -> Clients:
        """boto3 clients for the emulated cloud."""
        return self.run.clients

    def __enter__(self) -> Self:
        """Start everything and return when the service's tasks run.

        Raises:
            HarnessError: something could not be started; what was started is stopped.
        """
        try:
            with self._explained():
                self._start()
        except BaseException:
            with suppress(HarnessError):
                self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()

    def deploy(self, context: Mapping[str, str]) -> None:
        """Update what runs to the assembly of another context.

        Raises:
            CloudError: names the stack, the resource and the reason.
            SynthesisFailed: there is no such assembly.
        """
        self._deploy(synthesise(context), self.clients, self.run.site_url)

    def _deploy(self, assembly: Path, clients: Clients, site_url: str) -> dict[str, str]:
        parameters = {"SiteUrl": site_url, "MediaHosts": urlsplit(site_url).netloc, **(self.options.parameters or {})}
        return deployment.deploy(assembly, clients.connect, Place(ACCOUNT_ID, REGION), parameters, self._tell)

    def require_running(self) -> None:
        """Raise a HarnessError if a process of the harness has ended by itself."""
        with self._explained():
            for child in self._children:
                child.require_running()

    def want_of_room(self) -> str:
        """Say which of the disks that it writes to is full; empty where none is."""
        return disk.full((self.logs, self.directory))

    def stop(self) -> None:
        """Stop every process and remove every file but the logs; may be called twice.

        Raises:
            HarnessError: all that is done, but the tasks' last logs could not be kept.
        """
        logs_lost = self._save_logs()
        self._run = None
        self.clock.close()  # a paused clock goes on, so that what waits to end can end
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
        if self._control is not None:  # until the end it answers that the clock has stopped
            self._control.stop()
            self._control = None
        self._scratch.remove()
        if logs_lost:
            raise HarnessError(f"all is stopped, but its last logs could not be kept: {logs_lost}")

    def _save_logs(self) -> str:
        """Keep what limiter and scraper said; return why that was not possible."""
        if self._run is not None and all(child.is_running for child in self._children):
            try:
                log_groups.save(self._run.clients, self.logs)
            except OSError as error:
                return self.want_of_room() or str(error)
        return ""

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Name the cause of most trouble that a full disk makes: what fails of it tells of something else."""
        try:
            yield
        except (HarnessError, CloudError, OSError) as error:
            words = self.want_of_room()
            if not words or words in str(error):
                raise
            raise HarnessError(f"{words} ({error})") from error

    def _start(self) -> None:
        if words := self.want_of_room():
            raise HarnessError(words)
        options = self.options
        aws_port = require_free(options.aws_port) if options.aws_port else free_port()
        site_port = require_free(options.site_port) if options.site_port else free_port()
        ground = self._ground(site_port)
        self.clock = open_clock(self._speed(ground), self._tell, options.begins)
        clock_env = self.clock.env()
        endpoint_url, site_url = f"http://127.0.0.1:{aws_port}", options.site_url or f"http://127.0.0.1:{site_port}"

        self._tell("starting the emulator and the fake site")
        directory = self.directory / "emulator"
        emulator = self._keep(ground.start_emulator(aws_port, directory, self.logs / "emulator.log", clock_env))
        fake_site = emulator
        if not options.site_url:
            fake_site = self._keep(ground.start_site(site_port, self.logs / "site.log", clock_env))
        with ThreadPoolExecutor(1) as pool:
            synthesis = pool.submit(synthesise, dict(options.context or {}))
            self.accounts = site.await_ready(fake_site, site_url)
            cloud.await_ready(emulator, endpoint_url)
            clients = Clients(endpoint_url, REGION)
            self._tell("emulator and fake site are up; synthesising")
            assembly = synthesis.result()
        site.store_credentials(self.accounts, clients)
        options.prepare(clients)

        self._tell("deploying the assembly")
        outputs = self._deploy(assembly, clients, site_url)
        self._control = ControlServer(self.clock, endpoint_url)
        self._run = Run(
            aws_endpoint_url=endpoint_url,
            region=REGION,
            account_id=ACCOUNT_ID,
            ingress_queue_url=outputs["IngressQueueUrl"],
            ingress_dlq_url=outputs["IngressDlqUrl"],
            workflows_queue_url=outputs["WorkflowsQueueUrl"],
            workflows_dlq_url=outputs["WorkflowsDlqUrl"],
            results_bucket=outputs["ResultsBucket"],
            state_table=outputs["StateTable"],
            alarm_topic_arn=outputs["AlarmTopicArn"],
            credentials_secret_id=outputs["CredentialsSecretId"],
            ecs_cluster=outputs["EcsCluster"],
            ecs_service=outputs["EcsService"],
            lambda_function=outputs["LambdaFunction"],
            site_url=site_url,
            speed=self.clock.state().speed,
            clock_env=clock_env,
            logs_dir=str(self.logs),
            control_url=self._control.url,
        )
        self._tell("waiting for the scraper")
        self._await_service(emulator)

    def _ground(self, site_port: int) -> Ground:
        options = self.options
        if not options.in_containers:
            return Processes(options.listen, options.task_image, traced=options.traced, stand_in=options.stand_in)
        from emulator.harness.containers import Containers  # noqa: PLC0415 - at a desk without an engine nothing needs it

        self._tell("building the images")
        return Containers(site_port)

    def _speed(self, ground: Ground) -> Speed | None:
        if self.options.speed != AUTO or ground.shows_work:
            return self.options.speed
        self._tell(
            f"Speed {UNSEEN_SPEED:g}: the containers' work is not to be seen from here, so time cannot stand by it."
        )
        return UNSEEN_SPEED

    def _keep(self, child: Part) -> Part:
        self._children.append(child)
        return child

    def _await_service(self, emulator: Part) -> None:
        """Wait until as many tasks run as are desired."""
        deadline = time.monotonic() + SERVICE_TIMEOUT_SECONDS
        found: list[str] = []
        while time.monotonic() < deadline:
            emulator.require_running()
            answer = self.clients.ecs.describe_services(cluster=self.run.ecs_cluster, services=[self.run.ecs_service])
            service = answer["services"][0]
            if service["desiredCount"] > 0 and service["runningCount"] >= service["desiredCount"]:
                return
            found = [event["message"] for event in service.get("events", [])[:3]]
            time.sleep(0.05)
        raise HarnessError(
            f"the scraper did not start within {SERVICE_TIMEOUT_SECONDS} s: {'; '.join(found)}; logs: {self.logs}"
        )


def _log_directory() -> Path:
    """Make a folder for this run's logs, and drop those of the oldest runs."""
    parent = places.state_directory() / "logs"
    parent.mkdir(exist_ok=True)
    ages = {}
    for each in parent.iterdir():
        with suppress(FileNotFoundError):  # another harness that starts now has dropped it
            ages[each] = time.time() - each.stat().st_mtime
    for old in sorted(ages, key=lambda it: ages[it])[KEPT_LOGS - 1 :]:
        if ages[old] > KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=parent))
