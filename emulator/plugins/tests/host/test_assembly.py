"""What CDK left in a folder, read."""

import json
from pathlib import Path
from typing import Any

import pytest
from localprocs.host.assembly import FileAsset, Place, Stack, file_assets, stacks
from localprocs.host.cloud import HOME, place_of
from localprocs.host.errors import CloudError

STACK = "aws:cloudformation:stack"
HERE = Place("000000000000", "us-east-1")


def assembly(folder: Path, artifacts: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": artifacts}))
    return folder


def test_stacks_of_stages_are_found_with_where_they_go(tmp_path: Path) -> None:
    """An account or region that the app leaves open is the cloud's."""
    first = {"type": STACK, "properties": {"templateFile": "A.json"}, "environment": "aws://unknown-account/eu-west-1"}
    second = {
        "type": STACK,
        "properties": {"templateFile": "B.json", "stackName": "prod-b"},
        "dependencies": ["C", "C.assets"],
    }
    third = {"type": STACK, "properties": {"templateFile": "C.json"}}
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    folder = assembly(tmp_path, {"A": first, "Prod": stage})
    assembly(tmp_path / "assembly-Prod", {"B": second, "C": third, "C.assets": {"type": "cdk:asset-manifest"}})

    found = stacks(folder)

    assert [it.name for it in found.values()] == ["A", "prod-b", "C"]
    assert found["A"].place(HERE) == Place("000000000000", "eu-west-1")
    assert found["B"] == Stack("prod-b", folder / "assembly-Prod" / "B.json", frozenset({"C"}))
    assert place_of(folder) == Place("000000000000", "eu-west-1")


def test_a_template_alone_goes_home(tmp_path: Path) -> None:
    """It does not say where it goes."""
    (tmp_path / "it.yaml").touch()
    assert place_of(tmp_path / "it.yaml") == HOME


def test_an_asset_goes_where_its_stack_goes(tmp_path: Path) -> None:
    """Names hold the account and the region."""
    to = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "${AWS::Partition}/k.zip"}
    files = {"k": {"source": {"path": "asset.k", "packaging": "zip"}, "destinations": {"here": to}}}
    (assembly(tmp_path, {}) / "A.assets.json").write_text(json.dumps({"files": files}))

    (asset,) = file_assets(tmp_path)

    assert asset == FileAsset(tmp_path / "asset.k", is_zipped=True, bucket=to["bucketName"], key=to["objectKey"])
    assert asset.placed(HERE) == ("assets-000000000000-us-east-1", "aws/k.zip")


def test_a_folder_without_an_assembly_is_told(tmp_path: Path) -> None:
    """And what would be one."""
    with pytest.raises(CloudError, match="name the folder that `cdk synth` writes"):
        stacks(tmp_path)
