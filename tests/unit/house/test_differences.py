"""Each difference from AWS that we tell of is shown by a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "emulator-differences.md"
PLACES = ("emulator", "", "tests", "tests/integration", "tests/integration/apps")
"""Where the page's paths begin."""
ROWS = [
    line.strip("| \n").split(" | ")
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| behaviour", "| ---"))
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_each_row_names_tests_that_are_there(row: list[str]) -> None:
    """In its last column; none says that there is no test."""
    named = re.findall(r"`([^`]+)`", row[-1])
    assert named
    for path in named:
        assert any((ROOT / place / path).exists() for place in PLACES), path
