"""An AWS of this machine's processes, and its clock: started and stopped as one."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from localprocs.host import deployment, emulator, plain_http
from localprocs.host.assembly import Place, Stack, stacks
from localprocs.host.child import Child, free_port, require_free
from localprocs.host.control import ControlServer
from localprocs.host.errors import CloudError
from localprocs.host.run_file import Run
from localprocs.host.scratch import Scratch
from localprocs.state.format import NotReadable, read
from localprocs.vclock import Clock, Speed, WallClock, open_clock

HOME = Place("000000000000", "us-east-1")
"""Where everything is whose app does not say where it goes."""
AHEAD_SECONDS = 60
CALL_SECONDS = 240
_SUFFIXES = (".template", ".cfn")


class Cloud:
    """A running emulator, as a context manager: ``with Cloud(speed="auto") as cloud: cloud.client("sqs")``."""

    def __init__(
        self,
        *,
        speed: Speed | None = None,
        port: int = 0,
        place: Place = HOME,
        python: str = sys.executable,
        source: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start nothing yet. Port 0 is a free one; without a speed time is the machine's; the interpreter has LocalStack.

        With a source, a file that ``save`` wrote, it holds what the other one held, and its clock goes on from there.

        Raises:
            CloudError: the source cannot be read, or its time lies ahead and no speed is given.
        """
        self.place = place
        self.clock: Clock | WallClock = WallClock()
        self._speed, self._port, self._python, self._tell = speed, port, python, tell
        self._held: bytes | None = None
        self._begins: float | None = None
        if source is not None:
            self._held, self._begins = _read(source)
        if speed is None and self._begins is not None and self._begins > time.time() + AHEAD_SECONDS:
            raise CloudError(
                f"the time of {source} lies ahead of the machine's: give a speed, and the clock begins there"
            )
        self._open = ExitStack()
        self._emulator: Child | None = None
        self._run: Run | None = None
        self._clients: dict[tuple[str, Place], Any] = {}

    @property
    def run(self) -> Run:
        """What other programs need to use it."""
        if self._run is None:
            raise CloudError("the cloud is not up: use it in a with statement")
        return self._run

    @property
    def endpoint_url(self) -> str:
        """Where all of its services answer."""
        return self.run.aws_endpoint_url

    def __enter__(self) -> Self:
        """Start it, and return when it answers.

        Raises:
            CloudError: it could not be started; nothing of it is left.
        """
        port = require_free(self._port) if self._port else free_port()
        with ExitStack() as opening:
            scratch = Scratch()
            opening.callback(scratch.remove)
            self.clock = open_clock(self._speed, self._tell, self._begins)
            log = scratch.path / "emulator.log"
            self._emulator = emulator.start(port, scratch.path / "emulator", log, self.clock.env(), python=self._python)
            opening.callback(self._emulator.stop)
            opening.callback(self.clock.close)  # before: a paused clock goes on, so that what waits to end can end
            url = f"http://127.0.0.1:{port}"
            emulator.await_ready(self._emulator, url)
            if self._held is not None:
                _answer("PUT", f"{url}/_emulator/state", self._held)
            control = ControlServer(self.clock, url)
            opening.callback(control.stop)
            self._run = Run(
                aws_endpoint_url=url,
                region=self.place.region,
                account_id=self.place.account,
                control_url=control.url,
                speed=self.clock.state().speed,
                clock_env=self.clock.env(),
            )
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; nothing of it is left."""
        self._run = None
        self._clients.clear()
        self._open.close()

    def require_running(self) -> None:
        """Raise a CloudError that quotes the end of its log if it has ended by itself."""
        if self._emulator is not None:
            self._emulator.require_running()

    def client(self, service: str, place: Place | None = None) -> Any:
        """Return boto3's client of a service, with an administrator's credentials: the same each time."""
        endpoint_url, key = self.endpoint_url, (service, place or self.place)
        if key not in self._clients:
            session: Any = _session(key[1])
            self._clients[key] = session.client(service, endpoint_url=endpoint_url, config=_CONFIG)
        return self._clients[key]

    def checkpoint(self) -> Callable[[], None]:
        """Note all that the services hold, settled; return what puts it back, as often as it is called.

        Tasks of ECS live on. Time does not go back: what queues hold back has as long to go as it had.
        """
        self._settle()
        url = f"{self.endpoint_url}/_emulator/checkpoints"
        number = _answer("POST", url)["id"]

        def restore() -> None:
            self._settle()
            _answer("POST", f"{url}/{number}")

        return restore

    def _settle(self) -> None:
        if isinstance(self.clock, Clock):
            self.clock.settle()

    def save(self, file: Path) -> None:
        """Write all that the services hold to a file, settled, for another cloud to begin with.

        Raises:
            CloudError: a service holds what cannot be written.
        """
        self._settle()
        write_state(self.endpoint_url, file)

    def deploy(self, app: Path, parameters: Mapping[str, str] | None = None) -> dict[str, str]:
        """Deploy the folder that ``cdk synth`` wrote, or one template, and return all outputs.

        Raises:
            CloudError: names the stack, the resource and the reason.
        """
        if app.is_dir():
            return deployment.deploy(app, self.client, self.place, parameters or {}, self._tell)
        return deployment.deploy_stack(_single(app), self.client, self.place, parameters or {})


def write_state(endpoint_url: str, file: Path) -> None:
    """Write all that a cloud's services hold to a file.

    Raises:
        CloudError: a service holds what cannot be written.
    """
    content = _call("GET", f"{endpoint_url}/_emulator/state")
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _read(file: Path) -> tuple[bytes, float]:
    try:
        held = file.read_bytes()
        return held, float(read(held)[0]["saved_at"])
    except OSError as error:
        raise CloudError(f"{file} cannot be read: {error.strerror}") from error
    except NotReadable as error:
        raise CloudError(f"{file}: {error}") from error


def _answer(method: str, url: str, body: bytes = b"") -> dict[str, Any]:
    return dict(json.loads(_call(method, url, body)))


def _call(method: str, url: str, body: bytes = b"") -> bytes:
    status, answer = plain_http.call(method, url, body, timeout=CALL_SECONDS)
    if status == HTTPStatus.BAD_REQUEST:
        raise CloudError(str(json.loads(answer)["error"]))
    if status != HTTPStatus.OK:
        raise CloudError(f"{method} {url} answered {status}: {answer[:500].decode(errors='replace')}")
    return answer


def place_of(app: Path) -> Place:
    """Return the account and region that an app is for; HOME's where it leaves them open.

    Raises:
        CloudError: there is no such folder or file.
    """
    if not app.exists():
        raise CloudError(f"there is no {app}: name the folder that `cdk synth` wrote, or a template")
    return next((stack.place(HOME) for stack in stacks(app).values()), HOME) if app.is_dir() else HOME


@cache
def _session(place: Place) -> Any:
    """Return one whose clients share what botocore reads of its files."""
    return boto3.Session(place.account, "test", region_name=place.region)


def _single(template: Path) -> Stack:
    if not template.is_file():
        raise CloudError(f"{template} is neither a cloud assembly's folder nor a template")
    name = template.stem
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return Stack(name, template)


_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=75,
    max_pool_connections=50,
    s3={"addressing_style": "path"},
)
