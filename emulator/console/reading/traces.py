"""Playwright's trace of what a job's browser did, where the harness's tasks record one; never with a secret in it."""

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from emulator.console.reading.place import Place
from emulator.drawing.way import Kind, Way
from emulator.harness import places
from emulator.harness.artefacts import known_secrets, traces
from emulator.harness.artefacts.redaction import redact_folder
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.job_history import JobHistory


def folder() -> Path:
    """Return where they are kept, a folder a job."""
    return places.state_directory() / "traces"


def keep(place: Place, history: JobHistory, way: Way) -> Path:
    """Keep what the account's browser contexts did around the job's attempts, as one trace, and return its file.

    Raises:
        TellOperator: there is none; the text says how to have one.
    """
    attempts = [it for it in way.spans if it.kind in (Kind.WORK, Kind.FAILED)]
    if place.run is None:
        raise TellOperator("what runs on AWS records no traces: " + _HOW)
    if not attempts:
        raise TellOperator("no task has begun this job: a trace begins with its first attempt")
    account, begin, end = history.account, attempts[0].start, attempts[-1].end
    told = traces.of_tasks(place.run)
    found = [it for it in told if it.account == account and it.since <= end and it.until >= begin]
    if not found:
        raise TellOperator("nobody has recorded this job, or the task that did is gone: " + _HOW)
    kept = folder() / history.job_id
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    files = traces.keep(found, kept)
    redact_folder(kept, list(known_secrets.of(place.run)))
    return _as_one(files, kept / "trace.zip")


def _as_one(files: Sequence[Path], whole: Path) -> Path:
    """Put traces into one: the viewer shows one file, and each of the contexts whose events lie there by a name."""
    names = set[str]()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files, 1):
            with zipfile.ZipFile(file) as part:
                for name in part.namelist():
                    # Pictures and texts are named by what they hold, and may be in several.
                    placed = name if name.startswith("resources/") else f"{number}-{name}"
                    if placed not in names:
                        archive.writestr(placed, part.read(name))
                        names.add(placed)
            file.unlink()
    return whole


_HOW = "start ./huntaze up --traces, and send the job there"
