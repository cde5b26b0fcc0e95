"""The deploy script, unchanged, against the emulator: by endpoint and credentials of the environment alone."""

import json
import subprocess
from pathlib import Path

import pytest

from emulator.harness.gate import digests
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from infra_cdk.synthesis import synthesise
from tests.integration.operator_shell import Shell

SCRIPT = "scripts/deploy-onlyfans-scraper.sh"
pytestmark = [pytest.mark.gate, pytest.mark.browser, pytest.mark.timeout(900)]


class Office:
    """An operator's desk: two assemblies, each with a green gate's verdict."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.pipeline = pipeline
        self.folder = folder
        self.shell = Shell(pipeline.run, folder)
        self.as_it_is = synthesise()
        self.changed = synthesise({"metrics_by_creator": "false"})

    def deploy(self, assembly: Path, *options: str) -> subprocess.CompletedProcess[str]:
        gate = self.folder / f"gate-{assembly.name}.json"
        tested = {"assembly": digests.assembly(assembly), "limiter_zip": digests.limiter_zip(assembly), "image": None}
        gate.write_text(json.dumps({"green": True, "commit": "abc", "digests": tested}))
        return self.shell.run(SCRIPT, "--keep-image", "--assembly", str(assembly), "--gate", str(gate), *options)

    def publishes_by_creator(self) -> str:
        """Return what the running service's task definition says of the setting that differs."""
        ecs, run = self.pipeline.clients.ecs, self.pipeline.run
        service = ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        environment = definition["containerDefinitions"][0]["environment"]
        return next(it["value"] for it in environment if it["name"] == "METRICS_BY_CREATOR")

    def traces(self) -> list[str]:
        """Return every object and item that a job leaves."""
        run, clients = self.pipeline.run, self.pipeline.clients
        versions = clients.s3.list_object_versions(Bucket=run.results_bucket, Prefix="results/creator-09")
        items = clients.dynamodb.scan(TableName=run.state_table)["Items"]
        keys = [str(it["pk"]["S"]) for it in items]
        return [it["Key"] for it in versions.get("Versions", [])] + [
            it for it in keys if it.startswith(("job#", "slot#"))
        ]


@pytest.fixture
def office(pipeline: Pipeline, tmp_path: Path) -> Office:
    """The emulator, prepared for the CDK as ``cdk bootstrap`` prepares an account."""
    pipeline.clients.ssm.put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="31", Overwrite=True
    )
    return Office(pipeline, tmp_path)


def test_a_change_is_shown_deployed_proved_and_taken_back(office: Office) -> None:
    """Dry run, deployment with a smoke job that leaves no traces, rollback; what is deployed already changes nothing."""
    before = office.traces()
    shown = office.deploy(office.changed, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "HuntazeQueues: no change" in shown.stderr
    assert "AWS::ECS::TaskDefinition" in shown.stderr
    assert office.publishes_by_creator() == "true"

    deployed = office.deploy(office.changed, "--smoke-creator", "creator-09")
    assert deployed.returncode == 0, deployed.stderr
    assert office.publishes_by_creator() == "false"
    assert office.traces() == before

    undone = office.shell.run(SCRIPT, "--rollback")
    assert undone.returncode == 0, undone.stderr
    assert office.publishes_by_creator() == "true"

    again = office.deploy(office.as_it_is, "--no-smoke")
    assert again.returncode == 0, again.stderr
    assert "HuntazeScraper (no changes)" in again.stderr


def test_what_does_not_work_is_taken_back(office: Office, site: SiteControl) -> None:
    """The smoke job fails: what was there before runs again, and the job's dead letter is gone too."""
    before = office.traces()
    site.faults({"match": {"path": "/creator-09"}, "fault": {"kind": "status", "status": 404}})

    failed = office.deploy(office.changed, "--smoke-creator", "creator-09")

    assert failed.returncode == 1
    assert "the smoke job ended as rejected" in failed.stderr
    assert "what was there before runs again" in failed.stderr
    assert office.publishes_by_creator() == "true"
    assert office.traces() == before


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--gate", "nowhere.json", "--no-smoke"], "run ./huntaze gate"),
        (["--image", "v9", "--no-smoke"], "there is no image v9"),
        (["--assembly", "docs", "--no-smoke"], "is no cloud assembly"),
        (["--rollback"], "no deployment was made from this machine"),
    ],
)
def test_a_wrong_call_changes_nothing_and_says_what_to_do(office: Office, options: list[str], complaint: str) -> None:
    """One line each."""
    keep = [] if "--image" in options else ["--keep-image"]

    refused = office.shell.run(SCRIPT, *keep, *options)

    assert refused.returncode != 0
    assert complaint in refused.stderr
    assert not (office.folder / "deployments").exists()
