"""The build script, unchanged, with engines that only answer: what it asks for, and which digest it tells."""

import gzip
import io
import json
import os
import platform
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from emulator.harness.places import ROOT

SCRIPT = ROOT / "scripts" / "build-scraper-image.sh"
HERE, OTHER = ("linux/arm64", "linux/amd64") if platform.machine() == "aarch64" else ("linux/amd64", "linux/arm64")
CONFIGURATION = "c" * 64
HEALTH = ["CMD", "python", "-m", "huntaze_scraper.worker.health"]
ENGINE = """\
#!/bin/sh
echo "$(basename "$0") $* attestations=$BUILDX_NO_DEFAULT_ATTESTATIONS" >>"$ASKED"
case "$*" in
"buildx inspect") echo "Platforms: $BUILDX_PLATFORMS" ;;
"image save "*) cp "$SAVED" "$(echo "$*" | sed 's/.*--output \\([^ ]*\\).*/\\1/')" ;;
"push --quiet "*docker-archive:*) cp "$SAVED" "$(echo "$*" | sed 's/.*docker-archive:\\([^:]*\\):.*/\\1/')" ;;
esac
"""


class Engine:
    """Engines on the path, each of which only answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked, self._saved = folder / "asked", folder / "saved.tar"
        self._asked.touch()
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "ASKED": str(self._asked),
            "SAVED": str(self._saved),
            "BUILDX_PLATFORMS": "linux/amd64, linux/arm64",
        }
        for name in ("docker", "podman", "buildah"):
            self.is_there(name, there=name == "docker")

    def is_there(self, name: str, *, there: bool = True) -> None:
        """Have an engine answer, or not."""
        (self._folder / name).write_text(ENGINE if there else "#!/bin/sh\nexit 1\n")
        (self._folder / name).chmod(0o755)

    def holds(self, configuration: str = f"blobs/sha256/{CONFIGURATION}", **changes: Any) -> None:
        """Save images whose manifest names its configuration so; changes are to the configuration itself."""
        image = {
            "os": "linux",
            "architecture": "arm64",
            "config": {"User": "scraper", "Healthcheck": {"Test": HEALTH}},
            "rootfs": {"diff_ids": ["sha256:1"]},
        } | changes
        manifest = [{"Config": configuration, "RepoTags": [], "Layers": ["layer.tar", "zipped.tar"]}]
        files = {
            configuration: json.dumps(image).encode(),
            "layer.tar": b"0" * 2_000_000,
            "zipped.tar": gzip.compress(b"0" * 3_000_000),
            "manifest.json": json.dumps(manifest, separators=(",", ":")).encode(),
        }
        with tarfile.open(self._saved, "w") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))

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
    """Docker's, with an image as current ones save it."""
    made = Engine(tmp_path)
    made.holds()
    return made


def test_without_its_image_nothing_is_pushed(engine: Engine) -> None:
    """As where a gate has run for another commit."""
    engine.forgets()
    refused = engine.build("--no-build", "--repository", "127.0.0.1:9/huntaze-onlyfans-scraper")
    assert refused.returncode == 1
    assert "load it, or leave out --no-build" in refused.stderr
    assert not [it for it in engine.asked if " push " in it]


def test_an_image_for_another_processor_is_not_pushed(engine: Engine) -> None:
    """Whatever the builder was asked for; and what is asked for another one is refused before it is built."""
    repository = ("--repository", "127.0.0.1:9/huntaze-onlyfans-scraper")

    engine.holds(architecture="amd64")
    built = engine.build(*repository)
    asked = engine.build(*repository, "--platform", "linux/amd64")

    assert (built.returncode, asked.returncode) == (1, 1)
    assert "it is for linux/amd64, not linux/arm64" in built.stderr
    assert asked.stderr.count("\n") == 1
    assert "Fargate runs linux/arm64" in asked.stderr
    assert len([it for it in engine.asked if it.startswith("docker build ")]) == 1
    assert not [it for it in engine.asked if " push " in it or " tag " in it]


@pytest.mark.parametrize("form", ["blobs/sha256/{}", "{}.json"])
def test_the_digest_told_is_the_configurations_however_the_engine_keeps_images(engine: Engine, form: str) -> None:
    """A manifest's digest would never be the one that the registry's image is compared by."""
    engine.holds(form.format(CONFIGURATION))

    built = engine.build("--no-push")

    assert built.returncode == 0, built.stderr
    assert built.stdout == f"sha256:{CONFIGURATION} linux/arm64\n"
    assert "linux/arm64, 5 MB, 1 layers, user scraper" in built.stderr


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"config": {"User": "root", "Healthcheck": {"Test": HEALTH}}}, "it runs as 'root', not as scraper"),
        ({"config": {"User": "scraper"}}, "it has no health check"),
        ({"rootfs": {"diff_ids": ["sha256:1"] * 13}}, "it has 13 layers, more than 12"),
    ],
)
def test_an_image_that_cannot_work_is_refused_in_a_line(
    engine: Engine, changes: dict[str, Any], complaint: str
) -> None:
    """A user with more rights than it needs, no word of how it is, more layers than were ever meant."""
    engine.holds(**changes)

    refused = engine.build("--no-push")

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith(complaint)


@pytest.mark.parametrize("name", ["docker", "podman", "buildah"])
def test_whichever_engine_is_there_builds_and_is_named(engine: Engine, name: str) -> None:
    """The others are asked whether they answer, and no more; a health check comes with the format of Docker alone."""
    engine.is_there("docker", there=False)
    engine.is_there(name)
    engine.holds(architecture=HERE.partition("/")[2])

    built = engine.build("--no-push", "--platform", HERE)

    assert built.returncode == 0, built.stderr
    assert f"for {HERE} with {name}" in built.stderr
    assert {it.partition(" ")[0] for it in engine.asked} == {name}
    (build,) = [it for it in engine.asked if it.startswith(f"{name} build ")]
    assert ("--format docker" in build) == (name != "docker")


def test_where_none_can_build_the_reasons_stand_in_one_line(engine: Engine) -> None:
    """An old Docker without buildx, which marks layers as its own processor's, is none for another one."""
    refused = engine.build("--no-push", "--platform", OTHER, BUILDX_PLATFORMS=HERE)

    assert refused.returncode == 69
    assert refused.stderr.count("\n") == 1
    assert (
        f"no engine here builds for {OTHER}: docker has no buildx for {OTHER}, podman does not answer" in refused.stderr
    )
    assert not [it for it in engine.asked if it.startswith("docker build ")]


def test_an_image_bears_its_architecture_and_is_no_index(engine: Engine) -> None:
    """A build for another machine, at the same time, does not take its name; no attestation is added."""
    assert engine.build("--no-push").returncode == 0

    (build,) = [it for it in engine.asked if it.startswith("docker build ")]
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
