"""What another program needs to use a cloud that is up: a file of JSON. Fields are added, never changed."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from localprocs.host import living_file
from localprocs.host.errors import CloudError
from localprocs.vclock import Speed


@dataclass(frozen=True, kw_only=True)
class Run:
    """A cloud that is ready."""

    aws_endpoint_url: str
    region: str
    account_id: str
    control_url: str
    speed: Speed
    clock_env: dict[str, str] = field(default_factory=dict)
    """The variables that put another process on the same clock."""
    pid: int = field(default_factory=os.getpid)
    started: float = field(default_factory=lambda: psutil.Process().create_time())
    """When the process began (epoch seconds): another one may have the same pid later."""

    @property
    def variables(self) -> dict[str, str]:
        """What leads every AWS SDK and the AWS CLI here."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account_id,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


UNWANTED_VARIABLES = ("AWS_PROFILE", "AWS_SESSION_TOKEN")
"""Would lead to somewhere else in spite of the others."""


def default_path() -> Path:
    """Return where the file of the user's one cloud is: ``LOCALPROCS_FILE``, else in the cache's folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("LOCALPROCS_FILE") or cache / "localprocs" / "up.json")


def read(path: Path) -> Run:
    """Read the file of a cloud that is up.

    Raises:
        CloudError: none is up there.
    """
    run = find(path)
    if run is None:
        raise CloudError("no cloud is up: start one with `localprocs up`")
    return run


def find(path: Path) -> Run | None:
    """Return the cloud that is up there, if one is; the file of a killed one is removed."""
    return living_file.find(Run, path)
