"""What stands in for the image: LOCALPROCS_IMAGE names a JSON file.

``path``: folders put first on PATH, a list or one string with colons · ``environment``: variables that the
Dockerfile would set · ``entryPoint``, ``command``: what runs where the task definition names neither.

With ``name`` it is no stand-in: containers run in a Docker engine, as the image that has this name there.
``environment`` and ``mounts`` (paths of the machine, found at the same place in the container) come on top.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localprocs.ecs.errors import StartFailure

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
VARIABLE = "LOCALPROCS_IMAGE"


@dataclass(frozen=True)
class Image:
    """The image's part of a container."""

    path: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    name: str = ""
    mounts: tuple[str, ...] = ()

    def base(self, folder: str) -> dict[str, str]:
        """Return what a container finds in its environment before anybody sets anything."""
        if self.name:
            return {}
        return {"PATH": self.search_path, "HOME": folder, "TMPDIR": folder, "HOSTNAME": "localhost", "LANG": "C.UTF-8"}

    @property
    def search_path(self) -> str:
        """PATH as the image sets it."""
        return f"{self.path}:{DEFAULT_PATH}" if self.path else DEFAULT_PATH


def load(environ: Mapping[str, str] = os.environ) -> Image:
    """Read the file that the variable names; without one the image is bare.

    Raises:
        StartFailure: there is no such file or it is malformed, as an image that cannot be pulled.
    """
    name = environ.get(VARIABLE)
    if not name:
        return Image()
    try:
        content = json.loads(Path(name).read_text())
        path = content.get("path", "")
        return Image(
            path if isinstance(path, str) else ":".join(path),
            {str(key): str(value) for key, value in content.get("environment", {}).items()},
            tuple(content.get("entryPoint", ())),
            tuple(content.get("command", ())),
            str(content.get("name", "")),
            tuple(content.get("mounts", ())),
        )
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise StartFailure(f"CannotPullContainerError: {VARIABLE} cannot be read: {error}") from None
