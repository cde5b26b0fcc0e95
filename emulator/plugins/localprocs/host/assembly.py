"""A cloud assembly as CDK leaves it in its folder: the stacks, where each goes, and on which others it stands."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localprocs.host.errors import CloudError


@dataclass(frozen=True)
class Place:
    """An account and a region."""

    account: str
    region: str


@dataclass(frozen=True)
class Stack:
    """A stack of the assembly."""

    name: str
    template: Path
    requires: frozenset[str] = frozenset()
    account: str = ""
    """Empty where the app leaves it open, as the region."""
    region: str = ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters that its template declares; none are known of a template in YAML."""
        try:
            return dict(json.loads(self.template.read_text()).get("Parameters", {}))
        except ValueError:
            return {}

    def place(self, default: Place) -> Place:
        """Return where it goes."""
        return Place(self.account or default.account, self.region or default.region)


@dataclass(frozen=True)
class FileAsset:
    """A file or folder to be put into a bucket."""

    source: Path
    is_zipped: bool
    bucket: str
    key: str

    def placed(self, place: Place) -> tuple[str, str]:
        """Return bucket and key, with the account and region of where it goes."""
        names = {"AWS::AccountId": place.account, "AWS::Region": place.region, "AWS::Partition": "aws"}
        bucket, key = self.bucket, self.key
        for name, value in names.items():
            bucket, key = (it.replace(f"${{{name}}}", value) for it in (bucket, key))
        return bucket, key


def stacks(assembly: Path) -> dict[str, Stack]:
    """Read the stacks of an assembly, and of those in it (stages), by artefact id.

    Raises:
        CloudError: the folder holds no assembly.
    """
    return {name: stack for folder in _folders(assembly) for name, stack in _stacks(folder)}


def file_assets(assembly: Path) -> Iterator[FileAsset]:
    """Read the file assets of an assembly, and of those in it."""
    for folder in _folders(assembly):
        for manifest in sorted(folder.glob("*.assets.json")):
            for asset in json.loads(manifest.read_text()).get("files", {}).values():
                source = asset["source"]
                if "path" not in source:
                    raise CloudError(f"{manifest.name} has an asset that a command makes: synthesise it to a file")
                for to in asset["destinations"].values():
                    is_zipped = source.get("packaging") == "zip"
                    yield FileAsset(folder / source["path"], is_zipped, to["bucketName"], to["objectKey"])


def _folders(assembly: Path) -> Iterator[Path]:
    yield assembly
    for each in _artifacts(assembly).values():
        if each["type"] == "cdk:cloud-assembly":
            yield from _folders(assembly / each["properties"]["directoryName"])


def _stacks(folder: Path) -> Iterator[tuple[str, Stack]]:
    artifacts = _artifacts(folder)
    kinds = {name: each["type"] for name, each in artifacts.items()}
    for name, each in artifacts.items():
        if each["type"] == "aws:cloudformation:stack":
            account, _, region = each.get("environment", "").removeprefix("aws://").partition("/")
            yield (
                name,
                Stack(
                    each["properties"].get("stackName", name),
                    folder / each["properties"]["templateFile"],
                    frozenset(it for it in each.get("dependencies", ()) if kinds.get(it) == "aws:cloudformation:stack"),
                    "" if account.startswith("unknown") else account,
                    "" if region.startswith("unknown") else region,
                ),
            )


def _artifacts(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "manifest.json").read_text())["artifacts"])
    except (OSError, ValueError, KeyError):
        raise CloudError(f"{folder} holds no cloud assembly: name the folder that `cdk synth` writes") from None
