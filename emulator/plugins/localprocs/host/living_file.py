"""A file of JSON that tells of a process, for as long as that process lives."""

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol

import psutil

_SAME_SECONDS = 2.0
"""How far two readings of a process's start may lie apart, when the machine's date was put right in between."""


class Living(Protocol):
    """What such a file holds, as a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def pid(self) -> int:
        """The process's number."""
        ...

    @property
    def started(self) -> float:
        """When it started, in seconds since the epoch: numbers come round."""
        ...


def write(told: Living, path: Path) -> None:
    """Write the file in one step: a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        partial.write_text(json.dumps(asdict(told), indent=2) + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def find[Told: Living](kind: type[Told], path: Path) -> Told | None:
    """Return what the file tells of a process that lives, if it does; the file of a killed one is removed."""
    try:
        told = kind(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        told = None
    if told is not None and is_alive(told):
        return told
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    return None


def is_alive(told: Living) -> bool:
    """Whether the very process still runs: one that ended and waits for its parent to look does not."""
    try:
        process = psutil.Process(told.pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - told.started) < _SAME_SECONDS
    except psutil.NoSuchProcess:
        return False
