"""The build script, unchanged: a real engine, and a registry on this machine."""

import json
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from localprocs.host.child import free_port

from emulator.harness.clients import http_client
from emulator.harness.errors import NO_ENGINE
from emulator.harness.places import ROOT
from infra_cdk.release.image import MANIFESTS
from tests.engine import lacking, require_engine
from tests.patience import until

SCRIPT = ROOT / "scripts" / "build-scraper-image.sh"
HERE = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}.get(platform.machine(), "")
pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False)


@pytest.fixture(scope="module")
def engine() -> None:
    """A Docker engine; CI, where it is promised, fails without one."""
    require_engine()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """An empty registry; yields host and port."""
    binary = shutil.which("docker-registry")
    if binary is None:
        lacking(f"{NO_ENGINE} with a registry: install docker-registry (a Debian package)")
    port = free_port()
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "blobs")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (tmp_path / "registry.yml").write_text(json.dumps(settings))
    command = [binary, "serve", str(tmp_path / "registry.yml")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until(lambda: _answers(port), what="the registry's first answer")
        yield f"127.0.0.1:{port}"
        process.terminate()


def _answers(port: int) -> bool:
    try:
        return http_client.get(f"http://127.0.0.1:{port}/v2/").is_success
    except httpx.TransportError:
        return False


@pytest.mark.requirement("6.2")
@pytest.mark.requirement("6.5")
@pytest.mark.usefixtures("engine")
def test_the_image_is_built_looked_at_started_and_pushed(registry: str) -> None:
    """By version, commit and latest; a second run pushes the same; the digest told is that of the registry's image."""
    repository = f"{registry}/huntaze-onlyfans-scraper"
    options = ("--platform", HERE, "--network", "host", "--repository", repository)

    built = run(SCRIPT, *options)
    assert built.returncode == 0, built.stderr
    again = run(SCRIPT, *options, "--no-start")
    assert again.stdout == built.stdout

    url = f"http://{registry}/v2/huntaze-onlyfans-scraper"
    tags = http_client.get(f"{url}/tags/list").json()["tags"]
    assert "latest" in tags
    assert len(tags) == 3
    accept = {"Accept": ", ".join(MANIFESTS)}
    digests = {http_client.get(f"{url}/manifests/{tag}", headers=accept).json()["config"]["digest"] for tag in tags}
    digest, built_for = built.stdout.split()
    assert (digests, built_for) == ({digest}, HERE)
    for tag in tags:
        run("docker", "rmi", f"{repository}:{tag}")


@pytest.mark.usefixtures("engine")
def test_an_image_that_cannot_work_is_not_pushed(registry: str, tmp_path: Path) -> None:
    """Built on a base without what it needs, the script fails, and the registry stays empty."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    assert run("docker", "build", "--quiet", "--tag", "huntaze-nothing", str(tmp_path)).returncode == 0
    repository = f"{registry}/huntaze-onlyfans-scraper"

    failed = run(SCRIPT, "--platform", HERE, "--base", "huntaze-nothing", "--repository", repository)

    assert failed.returncode != 0
    assert http_client.get(f"http://{registry}/v2/_catalog").json()["repositories"] == []
    run("docker", "rmi", "huntaze-nothing")
