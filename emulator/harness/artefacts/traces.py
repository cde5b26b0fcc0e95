"""Playwright's traces of what tasks did in their browsers: asked of each task's process, past the scraper."""

import json
import shutil
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from emulator.harness.artefacts.in_task.task_traces import FOLDER_VARIABLE, Trace
from emulator.harness.run_file import Run
from emulator.harness.victims import Victims

IN_TASK = Path(__file__).parent / "in_task"
"""The folder that goes on the PYTHONPATH of a task that is to be traced."""
FOLDER = "traces"
"""Its name below the emulator's own."""
GIVE_SECONDS = 10.0


def environment(folder: Path) -> dict[str, str]:
    """Return the variables with which a task is traced; the folder is where its traces lie until they are asked for."""
    folder.mkdir(exist_ok=True)
    return {"PYTHONPATH": str(IN_TASK), FOLDER_VARIABLE: str(folder)}


def of_tasks(run: Run) -> list[Trace]:
    """Ask a harness's tasks for what they have recorded by now; they go on recording."""
    return [trace for task in Victims(run).tasks() for trace in _given(task)]


def keep(traces: Iterable[Trace], folder: Path) -> list[Path]:
    """Copy traces to the folder as ``trace-1.zip`` and so on, secrets and all, and return the files."""
    kept = []
    for number, trace in enumerate(traces, 1):
        kept.append(folder / f"trace-{number}.zip")
        shutil.copyfile(trace.file, kept[-1])
    return kept


def _given(task: psutil.Process) -> list[Trace]:
    """Ask one process; one that is not traced, without a browser, or without life, has nothing to give."""
    told = b""
    with suppress(OSError, ValueError, KeyError, psutil.Error):
        port = (Path(task.environ()[FOLDER_VARIABLE]) / f"{task.pid}.port").read_text()
        with socket.create_connection(("127.0.0.1", int(port))) as asked:
            asked.settimeout(GIVE_SECONDS)
            while piece := asked.recv(65536):
                told += piece
    return [Trace(**json.loads(line)) for line in told.decode().splitlines()[: told.count(b"\n")]]
