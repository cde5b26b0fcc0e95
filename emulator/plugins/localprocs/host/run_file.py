"""What another program needs to use a cloud that is up: a file of JSON. Fields are added, never changed."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from localprocs.host.errors import CloudError
from localprocs.vclock import Speed

_SAME_SECONDS = 2.0
"""How far two readings of a process's start may lie apart, when the machine's date was put right in between."""


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


def write(run: Run, path: Path) -> None:
    """Write the file in one step: a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        partial.write_text(json.dumps(asdict(run), indent=2) + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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
    try:
        run = Run(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        run = None
    if run is not None and is_alive(run.pid, run.started):
        return run
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    return None


def is_alive(pid: int, started: float) -> bool:
    """Whether the very process still runs: one that ended and waits for its parent to look does not."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - started) < _SAME_SECONDS
    except psutil.NoSuchProcess:
        return False
