"""The build script, unchanged, with an engine that only answers: what it asks for, and which digest it tells."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from emulator.harness.places import ROOT

SCRIPT = ROOT / "scripts" / "build-scraper-image.sh"
CONFIGURATION = "c" * 64
ENGINE = """\
#!/bin/sh
echo "$* attestations=$BUILDX_NO_DEFAULT_ATTESTATIONS" >>"$ASKED"
[ "$1 $2" = "image inspect" ] && [ ! -f "$SAVED" ] && exit 1
case "$*" in
*Architecture*) echo "linux/${PROCESSOR:-arm64}" ;;
*Config.User*) echo scraper ;;
*Healthcheck*) echo '["CMD","python","-m","huntaze_scraper.worker.health"]' ;;
*.Size*) echo 1000 ;;
*Layers*) echo 3 ;;
*.Id*) echo sha256:the-manifest-of-an-engine-that-keeps-images-in-containerd ;;
"image save "*) cat "$SAVED" ;;
esac
"""


class Engine:
    """A ``docker`` on the path."""

    def __init__(self, folder: Path) -> None:
        (folder / "docker").write_text(ENGINE)
        (folder / "docker").chmod(0o755)
        self._asked, self._saved = folder / "asked", folder / "saved.tar"
        self._asked.touch()
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "ASKED": str(self._asked),
            "SAVED": str(self._saved),
        }

    def holds(self, configuration: str) -> None:
        """Save images whose manifest names its configuration so."""
        manifest = self._saved.with_name("manifest.json")
        manifest.write_text(
            json.dumps([{"Config": configuration, "RepoTags": [], "Layers": []}], separators=(",", ":"))
        )
        with tarfile.open(self._saved, "w") as archive:
            archive.add(manifest, "manifest.json")

    def forgets(self) -> None:
        """Hold no image."""
        self._saved.unlink()

    def build(self, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [str(SCRIPT), "--no-start", *options]
        return subprocess.run(
            command, env={**self._env, **env}, capture_output=True, text=True, timeout=60, check=False
        )

    @property
    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """The engine, with an image as current ones save it."""
    made = Engine(tmp_path)
    made.holds(f"blobs/sha256/{CONFIGURATION}")
    return made


def test_without_its_image_nothing_is_pushed(engine: Engine) -> None:
    """As where a gate has run for another commit."""
    engine.forgets()
    refused = engine.build("--no-build", "--repository", "127.0.0.1:9/huntaze-onlyfans-scraper")
    assert refused.returncode == 1
    assert "load it, or leave out --no-build" in refused.stderr
    assert not [it for it in engine.asked if it.startswith("push ")]


def test_an_image_for_another_processor_is_not_pushed(engine: Engine) -> None:
    """Whatever the builder was asked for; and what is asked for another one is refused before it is built."""
    repository = ("--repository", "127.0.0.1:9/huntaze-onlyfans-scraper")

    built = engine.build(*repository, PROCESSOR="amd64")
    asked = engine.build(*repository, "--platform", "linux/amd64")

    assert (built.returncode, asked.returncode) == (1, 1)
    assert "it is for linux/amd64, not linux/arm64" in built.stderr
    assert asked.stderr.count("\n") == 1
    assert "Fargate runs linux/arm64" in asked.stderr
    assert len([it for it in engine.asked if it.startswith("build ")]) == 1
    assert not [it for it in engine.asked if it.startswith(("push ", "tag "))]


@pytest.mark.parametrize("form", ["blobs/sha256/{}", "{}.json"])
def test_the_digest_told_is_the_configurations_however_the_engine_keeps_images(engine: Engine, form: str) -> None:
    """A manifest's digest would never be the one that the registry's image is compared by."""
    engine.holds(form.format(CONFIGURATION))

    built = engine.build("--no-push")

    assert built.returncode == 0, built.stderr
    assert built.stdout == f"sha256:{CONFIGURATION}\n"


def test_an_image_bears_its_architecture_and_is_no_index(engine: Engine) -> None:
    """A build for another machine, at the same time, does not take its name; no attestation is added."""
    assert engine.build("--no-push").returncode == 0

    (build,) = [it for it in engine.asked if it.startswith("build ")]
    assert "--tag huntaze-onlyfans-scraper:" in build
    assert "-arm64 --label" in build
    assert build.endswith("attestations=1")


def test_the_region_alone_leads_to_the_registry(engine: Engine) -> None:
    """As every AWS tool but the command line's version 1 reads it."""
    asked = engine.build(
        "--no-build",
        AWS_REGION="eu-west-1",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="x",
        AWS_SECRET_ACCESS_KEY="x",
        AWS_MAX_ATTEMPTS="1",
    )

    assert "http://127.0.0.1:9" in asked.stderr
    assert "there is no registry" in asked.stderr
