"""The emulator's process: LocalStack with our plug-ins, on a free port, without Docker."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from localprocs import settings

from emulator.harness import places
from emulator.harness.artefacts import traces
from emulator.harness.child import Child, Part
from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError

START_TIMEOUT_SECONDS = 60


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
    told = directory / "image.json"
    told.write_text(json.dumps(image))
    env = {
        **_plain_environment(),
        **clock_env,
        **settings.environment(
            port=port, cache=str(places.ROOT / ".huntaze" / "cache"), scratch=str(directory), listen=listen
        ),
        "LOCALPROCS_IMAGE": str(told),
        "PYTHONUNBUFFERED": "1",
    }
    return Child("the emulator", [str(places.PLUGINS_PYTHON), "-m", "localstack.runtime.main"], env, log)


def await_ready(part: Part, endpoint_url: str) -> None:
    """Return when the emulator answers.

    Raises:
        HarnessError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        part.require_running()
        try:
            if http_client.get(f"{endpoint_url}/_localstack/health", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.03)
    raise HarnessError(f"the emulator did not answer within {START_TIMEOUT_SECONDS} s: see {part.log}")


def stand_in(directory: Path, *, traced: bool = False) -> dict[str, object]:
    """Return what a container image would bring to a task that runs as a process: its PATH and its environment.

    Traced, tasks record what their browsers do, typed passwords too: only where a test wants it.
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


def _plain_environment() -> dict[str, str]:
    """Return this process's environment without what would lead a child to a real AWS account or a proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name.upper() != "HTTP_PROXY"
    }
