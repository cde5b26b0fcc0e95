"""The deploy script, unchanged, against the emulator: by endpoint and credentials of the environment alone."""

import fcntl
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from localprocs import processes

from emulator.harness.clients import ACCOUNT_ID, Clients
from emulator.harness.pipeline import Pipeline
from emulator.harness.places import ROOT
from emulator.harness.site_control import SiteControl
from huntaze_scraper.state.keys import Kind
from infra_cdk.release import digests
from infra_cdk.synthesis import synthesise
from tests.integration.operator_shell import Shell
from tests.patience import until
from tests.unit.harness.pages import OPERATIONS, UPGRADING, blocks

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerDefinitionOutputTypeDef

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

    def gate(self, assembly: Path, image: str | None = None, platform: str = "linux/arm64") -> Path:
        """Return a green gate's verdict on the assembly, and on the image of that digest."""
        file = self.folder / f"gate-{assembly.name}.json"
        tested = {"assembly": digests.assembly(assembly), "limiter_zip": digests.limiter_zip(assembly), "image": image}
        verdict = {"green": True, "commit": "abc", "digests": tested, "image_platform": platform}
        file.write_text(json.dumps(verdict))
        return file

    def deploy(self, assembly: Path, *options: str, image: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the script; the image is left as it is unless the gate has tested one."""
        keep = [] if image else ["--keep-image"]
        gate = self.gate(assembly, image)
        return self.shell.run(SCRIPT, *keep, "--assembly", str(assembly), "--gate", str(gate), *options)

    def deploy_and_die(self, assembly: Path) -> None:
        """Run the script, and kill it and all that it has started as soon as the scraper's stack has changed."""
        begun = self.publishes_by_creator()
        options = ("--keep-image", "--assembly", str(assembly), "--gate", str(self.gate(assembly)), "--no-smoke")
        script = self.shell.start(SCRIPT, *options)
        try:
            until(lambda: self.publishes_by_creator() != begun, timeout_seconds=200, what="half a deployment")
        finally:
            processes.signal_tree(script, signal.SIGKILL)
            script.communicate()

    def container(self) -> "ContainerDefinitionOutputTypeDef":
        """Return the container of the running service's task definition."""
        ecs, run = self.pipeline.clients.ecs, self.pipeline.run
        service = ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        return definition["containerDefinitions"][0]

    def publishes_by_creator(self) -> str:
        """Return what it says of the setting that differs."""
        return next(it["value"] for it in self.container()["environment"] if it["name"] == "METRICS_BY_CREATOR")

    def push(self, tag: str, configuration: str) -> str:
        """Put an image of that configuration into the registry; return its manifest's digest."""
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = {"schemaVersion": 2, "mediaType": kind, "config": {"digest": configuration}, "layers": []}
        pushed = self.pipeline.clients.ecr.put_image(
            repositoryName="huntaze-onlyfans-scraper",
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=kind,
            imageTag=tag,
        )
        return pushed["image"]["imageId"]["imageDigest"]

    def traces(self) -> list[str]:
        """Return every object and item that a job leaves."""
        run, clients = self.pipeline.run, self.pipeline.clients
        versions = clients.s3.list_object_versions(Bucket=run.results_bucket, Prefix="results/creator-09")
        items = clients.dynamodb.scan(TableName=run.state_table)["Items"]
        keys = [str(it["pk"]["S"]) for it in items]
        return [it["Key"] for it in versions.get("Versions", [])] + [
            it for it in keys if it.startswith((Kind.JOB.prefix, Kind.SLOT.prefix))
        ]


@pytest.fixture
def office(pipeline: Pipeline, tmp_path: Path) -> Office:
    """The emulator, prepared for the CDK as ``cdk bootstrap`` prepares an account."""
    pipeline.clients.ssm.put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="31", Overwrite=True
    )
    return Office(pipeline, tmp_path)


def test_a_change_is_shown_deployed_proved_and_taken_back(office: Office) -> None:
    """Dry run, deployment with a smoke job that leaves no traces, the same again, rollback of what has changed, once."""
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

    again = office.deploy(office.changed, "--no-smoke")
    assert again.returncode == 0, again.stderr
    assert "HuntazeScraper (no changes)" in again.stderr

    undone = office.shell.run(SCRIPT, "--rollback")
    assert undone.returncode == 0, undone.stderr
    assert office.publishes_by_creator() == "true"

    twice = office.shell.run(SCRIPT, "--rollback")
    assert twice.returncode == 1
    assert "there is nothing to bring back" in twice.stderr


def test_a_deployment_that_was_killed_is_repeated_and_taken_back_as_one(office: Office) -> None:
    """What runs half-way is not what a rollback brings back, whether the deployment was repeated or not."""
    office.deploy_and_die(office.changed)
    assert office.shell.run(SCRIPT, "--rollback").returncode == 0
    assert office.publishes_by_creator() == "true"

    office.deploy_and_die(office.changed)
    again = office.deploy(office.changed, "--no-smoke")
    assert again.returncode == 0, again.stderr
    assert "did not end" in again.stderr
    assert office.publishes_by_creator() == "false"

    (replaced,) = office.shell.state.glob("deployments/*/*Z")
    kept_alone = ("infra_cdk.release", "save", str(office.changed), str(replaced.with_name("unfinished")))
    assert office.shell.run("python", "-m", *kept_alone).returncode == 0  # and killed before it changed anything
    assert office.shell.run(SCRIPT, "--rollback").returncode == 0
    assert office.publishes_by_creator() == "true"


def test_an_image_for_another_processor_changes_nothing(office: Office) -> None:
    """Refused in one line, though the gate was green and its digest is this one."""
    office.push("amd64", "sha256:amd64")
    gate = office.gate(office.as_it_is, "sha256:amd64", platform="linux/amd64")
    before = office.container()["image"]

    options = ("--image", "amd64", "--no-smoke", "--assembly", str(office.as_it_is), "--gate", str(gate))
    refused = office.shell.run(SCRIPT, *options)

    assert refused.returncode == 1
    assert len([line for line in refused.stderr.splitlines() if "linux/amd64" in line]) == 1
    assert "Fargate runs linux/arm64" in refused.stderr
    assert office.container()["image"] == before
    assert not (office.folder / "deployments").exists()


def test_an_image_is_deployed_by_the_digest_that_its_gate_tested(office: Office) -> None:
    """The one that bears the tag now; another content under the same tag is refused."""
    digest = office.push("v1", "sha256:tested")

    refused = office.deploy(office.as_it_is, "--image", "v1", "--no-smoke", image="sha256:other")
    assert refused.returncode == 1
    assert "the gate tested image sha256:other" in refused.stderr

    deployed = office.deploy(office.as_it_is, "--image", "v1", "--no-smoke", image="sha256:tested")
    assert deployed.returncode == 0, deployed.stderr
    assert office.container()["image"].endswith(f"@{digest}")

    assert office.shell.run(SCRIPT, "--rollback").returncode == 0
    assert office.container()["image"].endswith(":latest")


def test_the_rehearsal_runs_as_the_page_tells_it(office: Office) -> None:
    """In the runbook's session, with the verdict of a gate."""
    (rehearsal,) = blocks(UPGRADING, "sh")
    session = blocks(OPERATIONS, "sh")[0]
    told = rehearsal.replace("gate/gate.json", str(office.gate(office.as_it_is)))

    ran = office.shell.run("bash", "-euo", "pipefail", "-c", session + told)

    assert ran.returncode == 0, ran.stderr
    assert "HuntazeScraper: no change" in ran.stderr


def test_what_does_not_work_is_taken_back(office: Office, site: SiteControl) -> None:
    """The smoke job fails: what was there before runs again, and the job has left nothing."""
    before = office.traces()
    site.faults({"match": {"path": "/creator-09"}, "fault": {"kind": "status", "status": 404}})

    failed = office.deploy(office.changed, "--smoke-creator", "creator-09")

    assert failed.returncode == 1
    assert "the smoke job ended as rejected" in failed.stderr
    assert "what was there before runs again" in failed.stderr
    assert office.publishes_by_creator() == "true"
    assert office.traces() == before
    assert "no deployment was made from this machine" in office.shell.run(SCRIPT, "--rollback").stderr


@pytest.fixture
def paused_intake(pipeline: Pipeline) -> Iterator[None]:
    """The limiter takes nothing, as the runbook's pause leaves it."""
    client = pipeline.clients.lambda_
    mapping = client.list_event_source_mappings(FunctionName=pipeline.run.lambda_function)["EventSourceMappings"][0]

    def switch(state: Literal["Enabled", "Disabled"]) -> None:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=state == "Enabled")
        until(lambda: client.get_event_source_mapping(UUID=mapping["UUID"])["State"] == state, what=state)

    switch("Disabled")
    yield
    switch("Enabled")


@pytest.mark.usefixtures("paused_intake")
def test_what_an_operator_has_paused_is_no_fault_of_a_deployment(office: Office) -> None:
    """A smoke job could not run, so nothing is deployed; without one the rest is well, and the pause is told."""
    refused = office.deploy(office.changed, "--smoke-creator", "creator-09")
    assert refused.returncode == 1
    assert "the intake is paused" in refused.stderr
    assert office.publishes_by_creator() == "true"

    deployed = office.deploy(office.as_it_is, "--no-smoke")
    assert deployed.returncode == 0, deployed.stderr
    assert "its queue is paused" in deployed.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--gate", "nowhere.json", "--no-smoke"], "run ./huntaze gate"),
        (["--image", "v9", "--no-smoke"], "there is no image v9"),
        (["--assembly", "docs", "--no-smoke"], "is no cloud assembly"),
        (["--registry", "--gate", "nowhere.json"], "run ./huntaze gate"),
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


def test_a_second_deployment_at_the_same_time_is_refused(office: Office) -> None:
    """It would take back what the first one is about to do."""
    with (office.folder / f"deployment-{ACCOUNT_ID}-{office.pipeline.run.region}.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        for command in (["--keep-image", "--no-smoke"], ["--rollback"]):
            refused = office.shell.run(SCRIPT, *command)

            assert refused.returncode == 1
            assert "another deployment from this machine is under way" in refused.stderr


def test_a_first_deployment_leaves_nothing_to_go_back_to(office: Office) -> None:
    """What it made stays, and that is said; where deployments are kept may be told from the caller's folder."""
    run = office.pipeline.run
    kept = office.folder / "deployments" / f"{ACCOUNT_ID}-{run.region}" / "20260101T000000Z"
    kept.mkdir(parents=True)
    (kept / "stacks.json").write_text(json.dumps({"HuntazeScraper": None}))

    undone = office.shell.run("sh", "-c", f"cd {office.folder} && HUNTAZE_STATE=. {ROOT / SCRIPT} --rollback")

    assert undone.returncode == 1
    assert "HuntazeScraper is new: it stays" in undone.stderr
    assert "no scraper ran here before" in undone.stderr


def test_where_nothing_runs_yet_there_is_no_image_to_keep(office: Office) -> None:
    """In a region that is not prepared, and in one where only that has been done."""
    region = "eu-west-1"
    shell = Shell(office.pipeline.run, office.folder, {"AWS_REGION": region})
    command = (SCRIPT, "--keep-image", "--no-smoke", "--assembly", str(office.as_it_is))
    assert "not prepared for the CDK" in shell.run(*command).stderr

    Clients(office.pipeline.run.aws_endpoint_url, region).ssm.put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="31"
    )
    assert "no image runs here that could be kept" in shell.run(*command).stderr
