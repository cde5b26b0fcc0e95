"""The verbs over a bundle, as a person types them."""

from pathlib import Path

import pytest

from tests.unit.harness.typed import huntaze


@pytest.mark.parametrize("verb", ["replay", "keep"])
def test_what_is_no_bundle_is_told_in_one_line(verb: str, tmp_path: Path) -> None:
    """Nothing is started, nothing is written, and the exit code says that the input was bad."""
    (tmp_path / "incident-x.zip").write_bytes(b"PK\x03\x04 but no more")

    ended = huntaze("incident", verb, tmp_path / "incident-x.zip")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is damaged or no zip" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_one_group_has_all_verbs() -> None:
    """Those of operators and those of this machine."""
    told = huntaze("incident", "--help").stdout

    assert [it for it in ("capture", "show", "replay", "keep", "redact") if f" {it} " not in told] == []
