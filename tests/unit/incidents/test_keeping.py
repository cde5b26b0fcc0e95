"""A bundle becomes a test that others can read."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.harness import places
from emulator.harness.errors import HarnessError
from emulator.incidents import keeping
from huntaze_scraper.operations.incident.bundle import Expected
from huntaze_scraper.operations.incident.reading import read_bundle
from tests.unit.incidents.recorded import ending
from tests.unit.operations.incident.example import example


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where incidents are kept here."""
    monkeypatch.setattr(keeping, "FOLDER", tmp_path)
    return tmp_path


def test_a_kept_incident_is_its_bundle_and_a_short_test(folder: Path) -> None:
    """In text form, whole; the test expects what should have been, is formatted as all code is, and says its promise."""
    ends = (ending("a", "dead"), ending("b", "rejected"), ending("c", "open", at=None), ending("d"))
    bundle = replace(example(), expected=Expected(jobs=ends))

    test = keeping.keep(bundle, "late-gateway")

    assert test == folder / "late-gateway" / "test_late_gateway.py"
    assert read_bundle(test.parent) == bundle
    text = test.read_text()
    assert '{"done": 3, "rejected": 1}' in text
    assert "of 4 jobs 1 ended dead, 1 ended rejected, 1 did not end, 1 ended done" in text
    assert len(text.partition("@pytest")[2].splitlines()) <= 10
    ruff, rules = Path(sys.executable).with_name("ruff"), f"--config={places.ROOT / 'pyproject.toml'}"
    for check in (("check", "--ignore=INP001,S101"), ("format", "--check")):
        subprocess.run([ruff, *check, rules, test], check=True, capture_output=True)


@pytest.mark.parametrize("name", ["Late", "late gateway", "../late", "late--gateway", "late_gateway", "-"])
def test_a_name_that_is_no_folders_is_refused(name: str, folder: Path) -> None:
    """Nothing is written."""
    with pytest.raises(HarnessError, match="is no name for an incident"):
        keeping.keep(example(), name)
    assert list(folder.iterdir()) == []


def test_an_incident_is_not_written_over() -> None:
    """Somebody may have changed its test by hand."""
    keeping.keep(example(), "twice")
    with pytest.raises(HarnessError, match="there is an incident twice already"):
        keeping.keep(example(), "twice")
