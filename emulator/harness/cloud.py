"""The emulator's process as the harness starts it: its tasks find what a container image would bring."""

from collections.abc import Mapping
from pathlib import Path

from localprocs.host import emulator
from localprocs.host.child import Child
from localprocs.host.emulator import await_ready

from emulator.harness import places
from emulator.harness.artefacts import traces
from emulator.harness.errors import HarnessError

__all__ = ["await_ready", "browser_on_wall_clock", "stand_in", "start"]


def start(
    port: int,
    directory: Path,
    log: Path,
    clock_env: Mapping[str, str],
    *,
    listen: str = "127.0.0.1",
    image: Mapping[str, object],
) -> Child:
    """Start LocalStack with its files in the directory; ``await_ready`` tells when it answers.

    Tasks run as the image: what ``stand_in`` returns, or the name of one of a Docker engine.
    """
    if not places.PLUGINS_PYTHON.exists():
        raise HarnessError("the emulator's environment is missing: start ./huntaze, which sets it up")
    cache, python = places.ROOT / ".huntaze" / "cache", str(places.PLUGINS_PYTHON)
    return emulator.start(port, directory, log, clock_env, python=python, cache=cache, listen=listen, image=image)


def stand_in(directory: Path, *, traced: bool = False) -> dict[str, object]:
    """Return what a container image would bring to a task that runs as a process: its PATH and its environment.

    Traced, tasks record what their browsers do, typed passwords too: only where somebody asks for it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return {
        "path": str(places.ROOT / ".venv" / "bin"),
        "environment": {
            "CHROMIUM_PATH": str(browser_on_wall_clock(directory)),
            "PYTHONUNBUFFERED": "1",
            **(traces.environment(directory / traces.FOLDER) if traced else {}),
        },
    }


def browser_on_wall_clock(directory: Path) -> Path:
    """Write a starter for Chromium that leaves the virtual clock behind: a browser's frames follow the machine's time.

    A debugging port of its own lets a failing test's artefacts have a picture of what it shows.
    """
    starter = directory / "chromium"
    command = f'exec "{places.require_chromium()}" --remote-debugging-port=0 "$@"'
    starter.write_text(f"#!/bin/sh\nunset LD_PRELOAD VCLOCK_PAGE\n{command}\n")
    starter.chmod(0o755)
    return starter
