"""Emulator and fake site as containers, through testcontainers; tasks beside them as the scraper's image.

All share the network of the emulator's container, whose ports are published on this machine's loopback address by the
same numbers: an address like http://127.0.0.1:4566 means the same thing in each of them and here.
"""

import contextlib
import json
import os
import platform
import subprocess
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import docker
import psutil
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from localprocs import settings
from testcontainers.core.config import get_docker_socket, testcontainers_config
from testcontainers.core.container import DockerContainer

from emulator.harness import places
from emulator.harness.errors import NO_ENGINE, HarnessError

EMULATOR_IMAGE = "huntaze-emulator"
SCRAPER_IMAGE = "huntaze-onlyfans-scraper:local"
DOCKERFILES = {EMULATOR_IMAGE: "emulator/Dockerfile", SCRAPER_IMAGE: "Dockerfile"}
HOME = "/opt/huntaze"
BROWSER = "/usr/bin/chromium-headless-shell"
HARNESS = "huntaze.harness"
"""The label of our containers: the process id of the harness that they belong to."""
TASK = "localprocs.emulator"
"""The label of the emulator's own ones: the id of the emulator's container."""
STOP_SECONDS = 10


class Containers:
    """The ground of a harness in containers."""

    def __init__(self, site_port: int) -> None:
        """Build the images, which costs moments when nothing has changed; the emulator's container publishes the port.

        Raises:
            HarnessError: there is no engine, or an image cannot be built.
        """
        # Its reaper is an image from a public registry; what a killed harness leaves is removed by the next one.
        testcontainers_config.ryuk_disabled = True
        self._engine = engine()
        remove_abandoned(self._engine)
        build_images()
        self._emulator: ContainerPart | None = None
        self._site_port = site_port

    @property
    def shows_work(self) -> bool:
        """Whether the containers run on this machine's kernel, and not on that of a virtual machine."""
        return bool(self._engine.info().get("KernelVersion") == platform.release())

    def start_emulator(self, port: int, directory: Path, log: Path, clock_env: Mapping[str, str]) -> "ContainerPart":
        """Start the emulator's container, and with it the network of all others."""
        directory.mkdir(parents=True, exist_ok=True)
        mounts = _clock_files(clock_env)
        image = directory / "image.json"
        image.write_text(json.dumps(_task_image(directory, mounts)))
        env = {
            **settings.environment(port=port, cache=f"{HOME}/.huntaze/cache", scratch="/tmp", listen="0.0.0.0"),  # noqa: S104, S108 - of the container
            "LOCALPROCS_IMAGE": str(image),
            **clock_env,
        }
        container = DockerContainer(EMULATOR_IMAGE, env=env)
        container.with_command([f"{HOME}/emulator/plugins/.venv/bin/python", "-m", "localstack.runtime.main"])
        for published in (port, self._site_port):
            container.ports[f"{published}/tcp"] = ("127.0.0.1", published)  # type: ignore[assignment]
        container.with_volume_mapping(get_docker_socket(), "/var/run/docker.sock", "rw")
        for path in (str(image), *mounts):
            container.with_volume_mapping(path, path, "rw")
        container.with_kwargs(labels={HARNESS: str(os.getpid())}, **_process_ids(clock_env))
        self._emulator = ContainerPart("the emulator", container, log, self._engine)
        return self._emulator

    def start_site(self, port: int, log: Path, clock_env: Mapping[str, str]) -> "ContainerPart":
        """Start the site's container in the emulator's network."""
        if self._emulator is None:
            raise HarnessError("the site's container starts after the emulator's")
        container = DockerContainer(EMULATOR_IMAGE, env=dict(clock_env))
        container.with_command(["python", "-m", "fake_onlyfans", "--host", "0.0.0.0", "--port", str(port)])  # noqa: S104 - of the container
        for path in _clock_files(clock_env):
            container.with_volume_mapping(path, path, "rw")
        network = f"container:{self._emulator.identity}"
        container.with_kwargs(labels={HARNESS: str(os.getpid())}, network_mode=network, **_process_ids(clock_env))
        return ContainerPart("the fake site", container, log, self._engine)


class ContainerPart:
    """A container of the harness, its output in a log file."""

    def __init__(self, name: str, container: DockerContainer, log: Path, engine: docker.DockerClient) -> None:
        """Start it."""
        self.name = name
        self.log = log
        self._engine = engine
        try:
            self._container: Container = container.start().get_wrapped_container()
        except DockerException as error:
            raise HarnessError(f"{name} cannot be started: {error}") from error
        self.identity = str(self._container.id)
        self._follower = threading.Thread(target=self._follow, name=f"log of {name}", daemon=True)
        self._follower.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        with contextlib.suppress(APIError):
            self._container.reload()
            return bool(self._container.status == "running")
        return False

    def require_running(self) -> None:
        """Raise a HarnessError that quotes the end of its log if it has ended."""
        if not self.is_running:
            self._follower.join(STOP_SECONDS)
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise HarnessError(f"{self.name} ended; its log, {self.log}, ends:\n{last}")

    def stop(self) -> None:
        """Stop and remove it, and the tasks that it left."""
        with contextlib.suppress(APIError):
            self._container.stop(timeout=STOP_SECONDS)
        self._follower.join(STOP_SECONDS)
        remove(self._container)
        for task in self._engine.containers.list(all=True, filters={"label": f"{TASK}={self.identity}"}):
            remove(task)

    def _follow(self) -> None:
        with self.log.open("ab", buffering=0) as sink, contextlib.suppress(DockerException, OSError):
            for chunk in self._container.logs(stream=True, follow=True):
                sink.write(chunk)


def engine() -> docker.DockerClient:
    """Return the Docker engine's client.

    Raises:
        HarnessError: there is none.
    """
    try:
        return docker.from_env(timeout=600)
    except DockerException as error:
        raise HarnessError(f"{NO_ENGINE}: {error}") from None


@cache
def build_images() -> None:
    """Build the images from this checkout, once in a process; where nothing has changed that takes moments.

    Raises:
        HarnessError: quotes the end of what the build said.
    """
    for image, dockerfile in DOCKERFILES.items():
        command = ["docker", "build", "--network", "host", "--file", dockerfile, "--tag", image, "."]
        done = subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HarnessError(f"the image {image} cannot be built: {(done.stdout + done.stderr)[-2000:]}")


def remove_abandoned(client: docker.DockerClient) -> None:
    """Remove the containers of harnesses that were killed, and the tasks of their emulators."""
    for container in client.containers.list(all=True, filters={"label": HARNESS}):
        if not psutil.pid_exists(int(container.labels[HARNESS])):
            remove(container)
    running = {container.id for container in client.containers.list()}
    for task in client.containers.list(all=True, filters={"label": TASK}):
        if task.labels[TASK] not in running:
            remove(task)


def remove(container: Container) -> None:
    """Remove a container, whatever it does; silent if it is gone."""
    with contextlib.suppress(APIError):
        container.remove(force=True, v=True)


def _task_image(directory: Path, mounts: list[str]) -> dict[str, Any]:
    """Tell how tasks run: as the scraper's image, its browser on the wall clock where there is a virtual one."""
    if not mounts:
        return {"name": SCRAPER_IMAGE}
    starter = directory / "chromium"
    starter.write_text(f'#!/bin/sh\nunset LD_PRELOAD VCLOCK_PAGE\nexec {BROWSER} "$@"\n')
    starter.chmod(0o755)
    return {
        "name": SCRAPER_IMAGE,
        "environment": {"CHROMIUM_PATH": str(starter)},
        "mounts": [*mounts, str(starter)],
    }


def _clock_files(clock_env: Mapping[str, str]) -> list[str]:
    """Return the files that put a container on the clock; users of containers may turn it as the harness's own may."""
    return list(_found_clock_files(clock_env))


def _found_clock_files(clock_env: Mapping[str, str]) -> Iterator[str]:
    if page := clock_env.get("VCLOCK_PAGE"):
        Path(page).chmod(0o666)
        yield page
    yield from (path for path in clock_env.get("LD_PRELOAD", "").split(":") if path)


def _process_ids(clock_env: Mapping[str, str]) -> dict[str, str]:
    # The clock wakes its waiters by their process ids: all must mean the same ones.
    return {"pid_mode": "host"} if clock_env else {}
