"""Playwright's traces of what tasks did in their browsers: asked of each task's process, past the scraper."""

import shutil
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from emulator.harness.artefacts.in_task.task_traces import FOLDER_VARIABLE

IN_TASK = Path(__file__).parent / "in_task"
"""The folder that goes on the PYTHONPATH of a task that is to be traced."""
FOLDER = "traces"
"""Its name below the emulator's own."""
GIVE_SECONDS = 10.0


def environment(folder: Path) -> dict[str, str]:
    """Return the variables with which a task is traced; the folder is where its traces lie until they are asked for."""
    folder.mkdir(exist_ok=True)
    return {"PYTHONPATH": str(IN_TASK), FOLDER_VARIABLE: str(folder)}


def keep_traces(pids: Iterable[int], folder: Path, kept: Path, since: float) -> None:
    """Copy to ``kept`` the traces that the tasks with these processes have written since a time of the machine's clock.

    Their environment named the folder.
    """
    traces = [it for pid in pids for it in _given(folder / f"{pid}.port") if it.stat().st_mtime >= since]
    for number, trace in enumerate(traces, 1):
        shutil.copyfile(trace, kept / f"trace-{number}.zip")


def _given(port: Path) -> list[Path]:
    """Ask one process; one without a browser, or without life, has nothing to give."""
    told = b""
    with suppress(OSError, ValueError), socket.create_connection(("127.0.0.1", int(port.read_text()))) as asked:
        asked.settimeout(GIVE_SECONDS)
        while piece := asked.recv(65536):
            told += piece
    return [Path(line) for line in told.decode().splitlines()]
