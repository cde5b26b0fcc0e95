"""Containers as a Docker engine runs them, in the network of the container that the emulator is in."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from localprocs import real_time
from localprocs.ecs import real_wait
from localprocs.ecs.environment import CLOCK_PREFIX
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.runner import Boxed, Launch, Usage

OWNER = "localprocs.emulator"
"""The label of each container: the id of the emulator's own."""
EMULATORS = {
    "arm64": Path("/proc/sys/fs/binfmt_misc/qemu-aarch64"),
    "amd64": Path("/proc/sys/fs/binfmt_misc/qemu-x86_64"),
}
"""What the machine's kernel has where it runs another processor's programs all the same."""
CPU_UNITS = 1024
MEBIBYTE = 1024**2
LAST_OUTPUT_REAL_SECONDS = 5.0
PROBE_REAL_SECONDS = 10.0
"""A probe may take this long by the wall clock: an engine takes its time to begin one, in the container's share of CPU."""


class EngineRunner:
    """Starts each container beside the emulator's: it has the same network, and so the same 127.0.0.1."""

    def __init__(self, engine: docker.APIClient, emulator: str) -> None:
        """Use an engine, in which the emulator runs as the container with this id."""
        self._engine = engine
        self._emulator = emulator

    @classmethod
    def here(cls) -> "EngineRunner":
        """Find the engine, and the container that this runs in; remove what emulators that are gone left behind."""
        # No time-out: a wait for a container's end may take days, and what is asked here is asked of this machine.
        engine = docker.APIClient(timeout=None, version="auto")
        emulator: str = engine.inspect_container(socket.gethostname())["Id"]
        remove_abandoned(engine)
        return cls(engine, emulator)

    def start(self, launch: Launch) -> "RunningContainer":
        """Start one."""
        if launch.boxed is None:
            raise StartFailure("CannotStartContainerError: the container has no image")
        self._refuse_another_processor(launch.boxed.image)
        try:
            made: str = self._engine.create_container(**self._description(launch, launch.boxed))["Id"]
        except ImageNotFound:
            raise StartFailure(f"CannotPullContainerError: the engine has no image {launch.boxed.image}") from None
        except DockerException as error:
            raise StartFailure(f"CannotCreateContainerError: {error}") from None
        try:
            return RunningContainer(self._engine, made)
        except DockerException as error:
            with contextlib.suppress(APIError):
                self._engine.remove_container(made, force=True, v=True)
            raise StartFailure(f"CannotStartContainerError: {error}") from None

    def _refuse_another_processor(self, image: str) -> None:
        """Say so where the engine could not run the image, which would end with an "exec format error" only."""
        try:
            wanted = self._engine.inspect_image(image)["Architecture"]
        except ImageNotFound:
            return  # told by who makes the container
        own = self._engine.version()["Arch"]
        if wanted != own and not EMULATORS.get(wanted, Path("/nowhere")).exists():
            raise StartFailure(
                f"CannotPullContainerError: {image} is for linux/{wanted}, and this engine runs linux/{own}: "
                f"build it with --platform linux/{own}"
            )

    def _description(self, launch: Launch, boxed: Boxed) -> dict[str, Any]:
        definition = boxed.definition
        linux = definition.get("linuxParameters") or {}
        on_virtual_clock = any(name.startswith(CLOCK_PREFIX) for name in launch.environment)
        host = self._engine.create_host_config(
            network_mode=f"container:{self._emulator}",
            # The virtual clock wakes its waiters by their process ids: all must mean the same ones.
            pid_mode="host" if on_virtual_clock else None,
            binds=[f"{path}:{path}" for path in boxed.mounts],
            nano_cpus=int((definition.get("cpu") or boxed.cpu_units) / CPU_UNITS * 1e9),
            mem_limit=int((definition.get("memory") or boxed.memory_mib) * MEBIBYTE),
            init=bool(linux.get("initProcessEnabled")),
            read_only=bool(definition.get("readonlyRootFilesystem")),
            log_config=docker.types.LogConfig(type="json-file", config={"max-size": "10m"}),
        )
        return {
            "name": f"ecs-{definition['name']}-{launch.mark[:12]}",
            "image": boxed.image,
            "entrypoint": list(boxed.entry_point) or None,
            "command": list(boxed.command) or None,
            "environment": dict(launch.environment),
            "user": definition.get("user"),
            "working_dir": definition.get("workingDirectory"),
            "labels": {OWNER: self._emulator},
            # ECS looks at the task definition's health check and at no other.
            "healthcheck": {"test": ["NONE"]},
            "host_config": host,
        }


class RunningContainer:
    """A container of an engine."""

    def __init__(self, engine: docker.APIClient, identity: str) -> None:
        """Start a container just made."""
        self._engine = engine
        self._identity = identity
        reading, writing = os.pipe()
        self._output = os.fdopen(reading, "rb")
        # Attached before it starts: not a line is missed.
        chunks = engine.attach(identity, stdout=True, stderr=True, stream=True)
        self._copier = threading.Thread(target=_copy, args=(chunks, writing), name="ecs-output", daemon=True)
        self._copier.start()
        engine.start(identity)
        self.pid: int = engine.inspect_container(identity)["State"]["Pid"]

    @property
    def output(self) -> IO[bytes]:
        """What it writes."""
        return self._output

    def wait(self) -> int:
        """Wait for its end, and remove it."""
        try:
            code = int(self._engine.wait(self._identity)["StatusCode"])
        except APIError:  # somebody removed it by hand
            code = 137
        real_wait.until(lambda: not self._copier.is_alive(), LAST_OUTPUT_REAL_SECONDS)
        with contextlib.suppress(APIError):
            self._engine.remove_container(self._identity, force=True, v=True)
        return code

    def terminate(self) -> None:
        """Send SIGTERM to its first process."""
        with contextlib.suppress(APIError):
            self._engine.kill(self._identity, "SIGTERM")

    def kill(self) -> None:
        """Kill it."""
        with contextlib.suppress(APIError):
            self._engine.kill(self._identity)

    def usage(self) -> Usage:
        """Ask for its control group's figures; memory without the files that the system could drop, as Docker tells it."""
        try:
            told = self._engine.stats(self._identity, stream=False, one_shot=True)
        except APIError:
            return Usage(0.0, 0)
        memory = told.get("memory_stats") or {}
        details = memory.get("stats") or {}
        cached = details.get("inactive_file", details.get("total_inactive_file", 0))
        cpu = ((told.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage", 0)
        return Usage(cpu / 1e9, max(0, memory.get("usage", 0) - cached))

    def probe(self, arguments: Sequence[str], timeout: float) -> bool:
        """Run a health check in it; one that takes too long is not waited for, and ends with the container at last."""
        ended, codes = threading.Event(), list[int]()

        def run() -> None:
            try:
                made = self._engine.exec_create(self._identity, list(arguments))["Id"]
                self._engine.exec_start(made)
                codes.append(self._engine.exec_inspect(made)["ExitCode"])
            except DockerException:
                codes.append(1)
            ended.set()

        begun = real_time.elapsed()
        threading.Thread(target=run, name="ecs-probe", daemon=True).start()
        while not ended.wait(timeout):
            if real_time.elapsed() - begun >= PROBE_REAL_SECONDS:
                return False
        return codes == [0]


def remove_abandoned(engine: docker.APIClient) -> None:
    """Remove the containers of emulators that no longer run."""
    running = {each["Id"] for each in engine.containers()}
    for each in engine.containers(all=True, filters={"label": OWNER}):
        if each["Labels"][OWNER] not in running:
            with contextlib.suppress(APIError):
                engine.remove_container(each["Id"], force=True, v=True)


def _copy(chunks: Iterable[bytes], to: int) -> None:
    with os.fdopen(to, "wb", buffering=0) as sink, contextlib.suppress(OSError, DockerException):
        for chunk in chunks:
            sink.write(chunk)
