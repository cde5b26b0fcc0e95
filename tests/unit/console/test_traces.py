"""A job's traces become one file, since the viewer shows one."""

import zipfile
from pathlib import Path

from emulator.console.reading.traces import _as_one


def test_several_traces_are_shown_as_one(tmp_path: Path) -> None:
    """Each context's events by a name of their own, what both have once; and only the whole is left."""
    parts = {"trace-1.zip": "first", "trace-2.zip": "second"}
    for name, text in parts.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("trace.trace", text)
            archive.writestr("trace.network", "")
            archive.writestr("resources/picture.png", "the same")

    whole = _as_one([tmp_path / it for it in parts], tmp_path / "trace.zip")

    with zipfile.ZipFile(whole) as archive:
        assert sorted(archive.namelist()) == [
            *("1-trace.network", "1-trace.trace", "2-trace.network", "2-trace.trace"),
            "resources/picture.png",
        ]
        assert archive.read("2-trace.trace") == b"second"
    assert list(tmp_path.iterdir()) == [whole]
