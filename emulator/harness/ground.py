"""What a harness stands on: processes of this machine, or containers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from localprocs.host.child import Part

from emulator.harness import cloud, site


class Ground(Protocol):
    """Starts the parts; each listens on a port of 127.0.0.1."""

    @property
    def shows_work(self) -> bool:
        """Whether this machine's kernel tells of all parts whether they work, as time that stands by work must know."""
        ...

    def start_emulator(self, port: int, directory: Path, log: Path, clock_env: Mapping[str, str]) -> Part:
        """Start the emulator, with its files in the directory."""
        ...

    def start_site(self, port: int, log: Path, clock_env: Mapping[str, str]) -> Part:
        """Start the fake site, after the emulator."""
        ...


class Processes:
    """Everything is a process of this machine."""

    def __init__(
        self, listen: str, task_image: str, *, traced: bool = False, stand_in: Mapping[str, object] | None = None
    ) -> None:
        """Have the emulator listen there, and run tasks as this image of a Docker engine if one is named.

        Without one, tasks are processes that find what stands in for the image: this checkout where nothing else is told.
        """
        self._listen = listen
        self._task_image = task_image
        self._traced = traced
        self._stand_in = stand_in

    @property
    def shows_work(self) -> bool:
        """Whether no task runs as an image beside this process, with process numbers of its own."""
        return not self._task_image

    def start_emulator(self, port: int, directory: Path, log: Path, clock_env: Mapping[str, str]) -> Part:
        """Start LocalStack."""
        image = {"name": self._task_image} if self._task_image else self._stand_in
        if image is None:
            image = cloud.stand_in(directory, traced=self._traced)
        return cloud.start(port, directory, log, clock_env, listen=self._listen, image=image)

    def start_site(self, port: int, log: Path, clock_env: Mapping[str, str]) -> Part:
        """Start the fake site."""
        return site.start(port, log, clock_env)
