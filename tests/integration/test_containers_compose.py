"""docker-compose.yml: one command brings up the emulator, the fake site and the scraper, as images."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping

import pytest
from localprocs.host.child import free_port

from emulator.harness.clients import Clients, http_client
from emulator.harness.places import ROOT
from tests.engine import lacking, require_engine
from tests.patience import until

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]
BUILD_SECONDS = 1500
START_SECONDS = 180
JOB = {
    "action": "send_message",
    "creator_id": "creator-01",
    "user_id": "fan-001",
    "message_content": "From a container",
}


class Composition:
    """What the file describes, under a name and on ports of its own."""

    def __init__(self, compose: list[str]) -> None:
        self.aws_port, self.site_port = free_port(), free_port()
        self._compose = [*compose, "--project-name", f"huntaze-{os.getpid()}"]
        ports = {"HUNTAZE_AWS_PORT": str(self.aws_port), "HUNTAZE_SITE_PORT": str(self.site_port)}
        self._env: Mapping[str, str] = {**os.environ, **ports}

    def run(self, *arguments: str, timeout: float = 120) -> str:
        command = [*self._compose, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._env, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def up(self) -> str:
        """Bring it up; return the id of the emulator's container when it is healthy."""
        self.run("up", "--build", "--detach", timeout=BUILD_SECONDS)
        emulator = self.run("ps", "--quiet", "emulator").strip()
        until(lambda: docker("inspect", "--format", "{{.State.Health.Status}}", emulator) == "healthy", START_SECONDS)
        return emulator


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.fixture(scope="module")
def composition() -> Iterator[Composition]:
    """The file, whatever is up of it taken down at the end."""
    require_engine()
    for compose in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(compose[0])
            and not subprocess.run([*compose, "version"], capture_output=True, check=False).returncode
        ):
            break
    else:
        lacking("there is no docker compose here")
    found = Composition(compose)
    yield found
    found.run("down", "--volumes")


@pytest.mark.browser
def test_one_command_brings_up_all_of_it_and_a_job_goes_through(composition: Composition) -> None:
    """Built, deployed and well; a job sent in the container ends on the site, seen from here; nothing stays behind."""
    # Imported here: else every run of tests would import an engine's client.
    from emulator.harness.containers import SCRAPER_IMAGE, TASK

    emulator = composition.up()
    tasks = docker("ps", "--quiet", "--no-trunc", "--filter", f"label={TASK}={emulator}").split()
    assert [docker("inspect", "--format", "{{.Config.Image}} {{.Config.User}}", it) for it in tasks] == [
        f"{SCRAPER_IMAGE} scraper"
    ]

    told = composition.run("exec", "-T", "emulator", "./huntaze", "send", json.dumps(JOB), "--wait", "90", "--json")

    sent = json.loads(told)
    assert sent["result"]["status"] == "succeeded"
    messages = http_client.get(f"http://127.0.0.1:{composition.site_port}/_control/messages").json()
    assert JOB["message_content"] in json.dumps(messages)
    queues = Clients(f"http://127.0.0.1:{composition.aws_port}").sqs.list_queues()["QueueUrls"]
    assert any(url.endswith("/huntaze-hybrid-workflows.fifo") for url in queues)

    composition.run("down")
    assert docker("ps", "--all", "--quiet", "--filter", f"label={TASK}={emulator}") == ""


def test_the_emulator_serves_as_a_user_and_its_image_can_compile_nothing(composition: Composition) -> None:
    """Root only looks whose the engine's socket is; compiler, installer and caches stayed behind in the build."""
    emulator = composition.up()

    listed = docker("top", emulator, "-eo", "pid,uid,args").splitlines()
    serving = [line.split()[1] for line in listed if "-m localstack.runtime.main" in line]
    assert serving == ["10002"]

    found = composition.run(
        *("exec", "-T", "emulator", "sh", "-c"),
        "for it in cc gcc clang ld uv pip node; do command -v $it; done; ls -A /var/lib/apt/lists /var/cache /root/.cache; true",
    )
    assert [line for line in found.splitlines() if line and not line.endswith(":")] == []
