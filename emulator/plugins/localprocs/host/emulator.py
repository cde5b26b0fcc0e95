"""The emulator's process: LocalStack with our plug-ins, on a port, without Docker."""

import json
import os
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from localprocs import settings
from localprocs.host import plain_http
from localprocs.host.child import Child, Part
from localprocs.host.errors import CloudError

START_TIMEOUT_SECONDS = 180
"""One that has ended is told of at once; a machine at work for others takes its time."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localprocs"
"""What is made once and used by all: a few MB."""


def start(
    port: int,
    directory: Path,
    log: Path,
    clock_env: Mapping[str, str],
    *,
    python: str = sys.executable,
    cache: Path = CACHE,
    listen: str = "127.0.0.1",
    image: Mapping[str, object] | None = None,
) -> Child:
    """Start LocalStack with its files in the directory; ``await_ready`` tells when it answers.

    The interpreter is one that has LocalStack. Tasks run as the image (``localprocs.ecs.image``), else as the one that
    LOCALPROCS_IMAGE names.
    """
    directory.mkdir(parents=True, exist_ok=True)
    env = {
        **_plain_environment(),
        **clock_env,
        **settings.environment(port=port, cache=str(cache), scratch=str(directory), listen=listen),
        "PYTHONUNBUFFERED": "1",
    }
    if image is not None:
        told = directory / "image.json"
        told.write_text(json.dumps(image))
        env["LOCALPROCS_IMAGE"] = str(told)
    return Child("the emulator", [python, "-m", "localstack.runtime.main"], env, log)


def await_ready(part: Part, endpoint_url: str) -> None:
    """Return when the emulator answers.

    Raises:
        CloudError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        part.require_running()
        try:
            if plain_http.call("GET", f"{endpoint_url}/_localstack/health", timeout=5)[0] == HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.03)
    raise CloudError(f"the emulator did not answer within {START_TIMEOUT_SECONDS} s: see {part.log}")


def _plain_environment() -> dict[str, str]:
    """Return this process's environment without what would lead a child to a real AWS account or a proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name.upper() != "HTTP_PROXY"
    }
