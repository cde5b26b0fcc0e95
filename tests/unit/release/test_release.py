"""What a deployment asks of the gate, and what it keeps to go back to."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.harness.places import ROOT
from huntaze_scraper.operations.errors import TellOperator
from infra_cdk.release import digests, gate, image, snapshot
from infra_cdk.release.stacks import Stacks
from infra_cdk.synthesis import synthesise
from tests.gate.checks import CHECKS
from tests.unit.aws import moto_aws


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
    return {"green": True, "digests": tested, "image_platform": gate.PLATFORM} | changed


def test_what_a_green_gate_tested_passes(assembly: Path) -> None:
    """With the image that it built, and without an image."""
    gate.require_tested(verdict(assembly), assembly, "sha256:a")
    gate.require_tested(verdict(assembly), assembly, "")


def test_a_red_gate_deploys_nothing(assembly: Path) -> None:
    """Whatever the digests say."""
    with pytest.raises(TellOperator, match="red"):
        gate.require_tested(verdict(assembly, green=False), assembly, "")


def test_an_image_for_another_processor_is_not_deployed(assembly: Path) -> None:
    """The gate may have been asked for one; without an image it is of no concern."""
    tested = verdict(assembly, image_platform="linux/amd64")
    with pytest.raises(TellOperator, match="is for linux/amd64, and Fargate runs linux/arm64: run") as refused:
        gate.require_tested(tested, assembly, "sha256:a")
    assert "\n" not in str(refused.value)
    gate.require_tested(tested, assembly, "")


def test_what_fargate_runs_is_what_the_task_asks_for() -> None:
    """The processor stands in the template, and is typed again where images are compared with it."""
    template = json.loads((synthesise() / "HuntazeScraper.template.json").read_text())
    (task,) = (it for it in template["Resources"].values() if it["Type"] == "AWS::ECS::TaskDefinition")
    asked = task["Properties"]["RuntimePlatform"]
    assert f"{asked['OperatingSystemFamily']}/{asked['CpuArchitecture']}".lower() == gate.PLATFORM


def test_a_single_changed_byte_is_seen(assembly: Path) -> None:
    """In the assembly, in the image; and a gate that built no image cannot speak for one."""
    tested = verdict(assembly)
    with pytest.raises(TellOperator, match="the gate tested image"):
        gate.require_tested(tested, assembly, "sha256:b")
    tested["digests"]["image"] = None
    with pytest.raises(TellOperator, match="keep-image"):
        gate.require_tested(tested, assembly, "sha256:a")
    (assembly / "asset.1.zip").write_bytes(b"zap")
    with pytest.raises(TellOperator, match="the gate tested assembly"):
        gate.require_tested(tested, assembly, "")


@pytest.mark.parametrize("text", [None, "{"])
def test_a_verdict_that_cannot_be_read_is_refused(tmp_path: Path, text: str | None) -> None:
    """Absent, or not JSON."""
    file = tmp_path / "gate.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(TellOperator, match=r"gate\.json"):
        gate.read(file)


def test_every_script_is_clean() -> None:
    """As the shellcheck that set-up brings sees it: the gate asks nothing of the machine."""
    (command,) = (check.command for check in CHECKS if check.name == "scripts")
    checked = subprocess.run(
        command, cwd=ROOT, env={"PATH": "/bin:/usr/bin"}, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--fast"], "usage"),
        (["--gate"], "needs a value"),
        (["--keep-image", "--parameter", "ImageReference=:latest"], "chosen by --image"),
    ],
)
def test_an_option_that_there_is_not_is_refused_before_anything_is_asked(options: list[str], complaint: str) -> None:
    """With what there is."""
    script = str(ROOT / "scripts" / "deploy-onlyfans-scraper.sh")
    refused = subprocess.run([script, *options], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert complaint in refused.stderr


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stacks]:
    """CloudFormation and ECR in moto, found as every AWS tool finds them."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with moto_aws():
        yield Stacks()


def deploy(stacks: Stacks, name: str, default: str, **outputs: str) -> None:
    template = {
        "Parameters": {"SiteUrl": {"Type": "String", "Default": "https://example.com"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": default}}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    client = stacks.clients.cloudformation
    change = client.update_stack if stacks.status(name) else client.create_stack
    change(StackName=name, TemplateBody=json.dumps(template))


def test_an_image_is_deployed_by_digest_and_compared_by_content(stacks: Stacks) -> None:
    """The tag says which; the manifest's digest goes into the template, the configuration's is what the gate saw."""
    deploy(
        stacks, "HuntazeRegistry", "x", ImageRepositoryUri="1.dkr.ecr.eu-west-1.amazonaws.com/huntaze-onlyfans-scraper"
    )
    stacks.clients.ecr.create_repository(repositoryName="huntaze-onlyfans-scraper")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    content: dict[str, Any] = {"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:c"}, "layers": []}
    manifest = json.dumps(content)
    stacks.clients.ecr.put_image(
        repositoryName="huntaze-onlyfans-scraper",
        imageManifest=manifest,
        imageManifestMediaType=kind,
        imageTag="latest",
        imageDigest=f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}",
    )

    reference = image.reference(stacks, "latest")

    assert reference.startswith("@sha256:")
    assert image.config_digest(stacks, reference) == "sha256:c"
    assert image.config_digest(stacks, "") == ""
    with pytest.raises(TellOperator, match="there is no image v9"):
        image.reference(stacks, "v9")


def test_a_kept_stack_comes_back_and_a_new_one_stays(stacks: Stacks, tmp_path: Path) -> None:
    """Template and parameters as they were; what did not exist before is told, not deleted."""
    deploy(stacks, "Old", "before")
    kept = stacks.template("Old")
    snapshot.save(stacks, ["Old", "New"], tmp_path)
    deploy(stacks, "Old", "after")
    deploy(stacks, "New", "after")

    told = list(snapshot.restore(stacks, tmp_path))

    assert json.loads(stacks.template("Old")) == json.loads(kept)
    assert "New is new: it stays" in told[0]
    assert told[1] == "Old is as it was"


def test_what_a_deployment_changed_is_told(stacks: Stacks, tmp_path: Path) -> None:
    """Nothing, when it was made twice; a template or a parameter that differs, and a stack that is new."""
    deploy(stacks, "Old", "before")
    snapshot.save(stacks, ["Old", "New"], tmp_path)
    deploy(stacks, "Old", "before")
    assert list(snapshot.changed(stacks, tmp_path)) == []

    deploy(stacks, "Old", "after")
    deploy(stacks, "New", "after")
    assert list(snapshot.changed(stacks, tmp_path)) == ["Old", "New"]

    list(snapshot.restore(stacks, tmp_path))
    stacks.update("Old", stacks.template("Old"), {"SiteUrl": "https://example.org"})
    assert "Old" in snapshot.changed(stacks, tmp_path)


def test_a_stack_that_cannot_be_brought_back_does_not_keep_the_others(
    stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way there has its end first; every stack that failed is told."""
    deploy(stacks, "First", "before")
    deploy(stacks, "Last", "before")
    snapshot.save(stacks, ["First", "Last"], tmp_path)
    deploy(stacks, "First", "after")
    stacks.clients.cloudformation.delete_stack(StackName="Last")
    statuses = iter(["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
    status = stacks.status
    monkeypatch.setattr(stacks, "status", lambda name: next(statuses, None) or status(name))
    monkeypatch.setattr("infra_cdk.release.stacks.LOOK_AGAIN_SECONDS", 0.01)

    told = snapshot.restore(stacks, tmp_path)

    assert next(told) == "First is as it was"
    with pytest.raises(TellOperator, match="Last cannot be updated"):
        next(told)
    assert next(statuses, None) is None


def test_without_a_kept_deployment_nothing_is_restored(stacks: Stacks, tmp_path: Path) -> None:
    """Nor from a folder that was not written to its end."""
    with pytest.raises(TellOperator, match="no deployment was kept"):
        list(snapshot.restore(stacks, tmp_path))
