"""The wheel, as an operator without a checkout has it: ``uvx huntaze-scraper``'s ``huntaze`` in an empty environment."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from emulator.harness.places import ROOT
from huntaze_scraper import names
from huntaze_scraper.operations.clients import Clients
from infra_cdk.bundle import uv
from tests.unit.operations.conftest import Pipeline, message, pipeline_in

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel with what the lock names for it."""
    folder = tmp_path_factory.mktemp("wheel")

    def run(*words: str | Path) -> None:
        done = subprocess.run([uv(ROOT), *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr

    run("build", "--quiet", "--wheel", "--out-dir", folder)
    run("export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--output-file", folder / "locked.txt")
    run("venv", "--quiet", "--python", "3.13", folder / "empty")
    (wheel,) = folder.glob("*.whl")
    python = folder / "empty" / "bin" / "python"
    run("pip", "install", "--quiet", "--python", python, "--requirements", folder / "locked.txt")
    run("pip", "install", "--quiet", "--python", python, "--no-deps", wheel)
    return folder / "empty" / "bin" / "huntaze"


@pytest.fixture
def cloud() -> Iterator[Pipeline]:
    """A pipeline behind an endpoint, told by the stacks' outputs as on AWS."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    clients = Clients(boto3.Session("test", "test", region_name="us-east-1"), f"http://{host}:{port}")
    try:
        made = pipeline_in(clients)
        outputs = {
            "".join(word.capitalize() for word in name.split("_")): {"Value": value}
            for name, value in vars(made.target).items()
            if isinstance(value, str)
        }
        for stack in names.PIPELINE_STACKS:
            template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
            clients.cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
        yield made
    finally:
        server.stop()


def call(command: Path, folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    whole = {"PATH": os.environ["PATH"], "HOME": str(folder), **env}
    return subprocess.run(
        [command, *words], cwd=folder, env=whole, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_lists_replays_and_drops_what_is_deployed(command: Path, cloud: Pipeline, tmp_path: Path) -> None:
    """By the default credentials, with no checkout anywhere near."""
    env = {**CREDENTIALS, "AWS_ENDPOINT_URL": str(cloud.target.clients.endpoint_url)}
    job_id = cloud.die(message(1))
    queue = ("--queue", "workflows")

    def told(*words: str) -> dict[str, Any]:
        ran = call(command, tmp_path, *words, "--json", **env)
        assert ran.returncode == 0, ran.stderr
        return dict(json.loads(ran.stdout))

    assert [it["job_id"] for it in told("dlq", "list", *queue)["messages"]] == [job_id]
    assert [it["why"] for it in told("dlq", "replay", *queue, "--aws")["messages"]] == [None]
    dropped = told("dlq", "drop", *queue, "--yes")
    assert Path(dropped["copies"]).parent == tmp_path / ".huntaze" / "dropped"
    assert told("dlq", "list", *queue)["messages"] == []


def test_it_says_what_it_lacks_in_a_line(command: Path, tmp_path: Path) -> None:
    """Help needs nothing; without a region it names the variable."""
    assert "dlq" in call(command, tmp_path, "--help").stdout
    refused = call(command, tmp_path, "dlq", "list")
    assert refused.returncode == 1
    assert refused.stderr.strip() == "huntaze: no region: set AWS_REGION, or choose a profile with AWS_PROFILE"


def test_it_holds_the_package_alone(command: Path) -> None:
    """Neither emulator nor tests, but schemas and types."""
    site = next((command.parents[1] / "lib").glob("python*")) / "site-packages"
    assert not [name for name in ("emulator", "fake_onlyfans", "infra_cdk", "tests") if (site / name).exists()]
    for file in ("py.typed", "schemas/job.json"):
        assert (site / "huntaze_scraper" / file).is_file()
