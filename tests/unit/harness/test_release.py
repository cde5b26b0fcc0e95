"""What a deployment asks of the gate, and what it keeps to go back to."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.harness.errors import HarnessError
from emulator.harness.gate import digests
from emulator.harness.places import ROOT
from emulator.harness.release import gate


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """The least that a digest is taken of."""
    folder = tmp_path / "assembly"
    folder.mkdir()
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Handler": "huntaze_scraper.x", "Code": {"S3Key": "1.zip"}},
    }
    (folder / "HuntazeRateLimiter.template.json").write_text(json.dumps({"Resources": {"F": function}}))
    (folder / "asset.1.zip").write_bytes(b"zip")
    return folder


def verdict(assembly: Path, **changed: Any) -> dict[str, Any]:
    tested = {"assembly": digests.assembly(assembly), "limiter_zip": digests.limiter_zip(assembly), "image": "sha256:a"}
    return {"green": True, "digests": tested} | changed


def test_what_a_green_gate_tested_passes(assembly: Path) -> None:
    """With the image that it built, and without an image."""
    gate.require_tested(verdict(assembly), assembly, "sha256:a")
    gate.require_tested(verdict(assembly), assembly, "")


def test_a_red_gate_deploys_nothing(assembly: Path) -> None:
    """Whatever the digests say."""
    with pytest.raises(HarnessError, match="red"):
        gate.require_tested(verdict(assembly, green=False), assembly, "")


def test_a_single_changed_byte_is_seen(assembly: Path) -> None:
    """In the assembly, in the image; and a gate that built no image cannot speak for one."""
    tested = verdict(assembly)
    with pytest.raises(HarnessError, match="the gate tested image"):
        gate.require_tested(tested, assembly, "sha256:b")
    tested["digests"]["image"] = None
    with pytest.raises(HarnessError, match="keep-image"):
        gate.require_tested(tested, assembly, "sha256:a")
    (assembly / "asset.1.zip").write_bytes(b"zap")
    with pytest.raises(HarnessError, match="the gate tested assembly"):
        gate.require_tested(tested, assembly, "")


@pytest.mark.parametrize("text", [None, "{"])
def test_a_verdict_that_cannot_be_read_is_refused(tmp_path: Path, text: str | None) -> None:
    """Absent, or not JSON."""
    file = tmp_path / "gate.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(HarnessError, match=r"gate\.json"):
        gate.read(file)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck here")
def test_every_script_is_clean() -> None:
    """As shellcheck sees it."""
    scripts = [str(ROOT / "huntaze"), str(ROOT / ".ci" / "run"), *map(str, sorted((ROOT / "scripts").glob("*.sh")))]
    checked = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(("options", "complaint"), [(["--fast"], "usage"), (["--gate"], "needs a value")])
def test_an_option_that_there_is_not_is_refused_before_anything_is_asked(options: list[str], complaint: str) -> None:
    """With what there is."""
    script = str(ROOT / "scripts" / "deploy-onlyfans-scraper.sh")
    refused = subprocess.run([script, *options], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert complaint in refused.stderr
