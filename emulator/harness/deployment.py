"""Deploys a synthesised cloud assembly: its assets to their buckets, its stacks through CloudFormation."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.harness.clients import ACCOUNT_ID, Clients
from emulator.harness.errors import HarnessError
from infra_cdk.assembly import Stack, stacks

STACK_TIMEOUT_SECONDS = 120
_TEMPLATE_BODY_LIMIT = 51_200


def deploy(
    assembly: Path, clients: Clients, parameters: Mapping[str, str], tell: Callable[[str], None]
) -> dict[str, str]:
    """Create or update every stack, independent ones side by side, and return all outputs.

    Raises:
        HarnessError: names the stack, the resource and the reason.
    """
    publish_assets(assembly, clients)
    todo = stacks(assembly)
    order = TopologicalSorter({name: stack.requires for name, stack in todo.items()})
    order.prepare()
    outputs: dict[str, str] = {}
    with ThreadPoolExecutor(4) as pool:
        while order.is_active():
            ready = order.get_ready()
            for name, found in zip(
                ready, pool.map(lambda it: deploy_stack(todo[it], clients, parameters), ready), strict=True
            ):
                tell(f"{todo[name].name} deployed")
                outputs |= found
                order.done(name)
    return outputs


def publish_assets(assembly: Path, clients: Clients) -> None:
    """Upload the assembly's file assets to the buckets that it names, which are made where they are missing."""
    for bucket, key, source in _file_assets(assembly, clients):
        _require_bucket(bucket, clients)
        clients.s3.upload_file(str(source), bucket, key)


def deploy_stack(stack: Stack, clients: Clients, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create the stack, or update it where it stands, and return its outputs."""
    body = stack.template.read_text()
    if len(body) > _TEMPLATE_BODY_LIMIT:
        # CloudFormation's limit on a template in a request; minified it may still fit.
        body = json.dumps(json.loads(body), separators=(",", ":"))
    arguments: dict[str, Any] = {
        "StackName": stack.name,
        "TemplateBody": body,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
            if name in stack.parameters
        ],
    }
    try:
        if _status(stack.name, clients) is None:
            clients.cloudformation.create_stack(**arguments)
        else:
            clients.cloudformation.update_stack(**arguments)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise HarnessError(f"{stack.name} was refused: {error}") from error
    return _await_stack(stack.name, clients)


def _await_stack(name: str, clients: Clients) -> dict[str, str]:
    deadline = time.monotonic() + STACK_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = _status(name, clients) or "missing"
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            description = clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            return {each["OutputKey"]: each["OutputValue"] for each in description.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            raise HarnessError(f"{name} ended in {status}: {_cause(name, clients)}")
        time.sleep(0.1)
    raise HarnessError(f"{name} was not ready within {STACK_TIMEOUT_SECONDS} s: look at the emulator's log")


def _status(name: str, clients: Clients) -> str | None:
    try:
        return clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _cause(name: str, clients: Clients) -> str:
    events = clients.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [it for it in events if it.get("ResourceStatus", "").endswith("_FAILED")]
    return "; ".join(
        f"{it['LogicalResourceId']}: {it.get('ResourceStatusReason', 'no reason given')}" for it in failed[-3:]
    )


def _file_assets(assembly: Path, clients: Clients) -> Iterator[tuple[str, str, Path]]:
    region = clients.s3.meta.region_name
    for manifest in sorted(assembly.glob("*.assets.json")):
        for asset in json.loads(manifest.read_text()).get("files", {}).values():
            source = assembly / asset["source"]["path"]
            if asset["source"].get("packaging") == "zip":
                source = Path(shutil.make_archive(str(source), "zip", source))
            for destination in asset["destinations"].values():
                names = (destination["bucketName"], destination["objectKey"])
                bucket, key = (
                    it.replace("${AWS::AccountId}", ACCOUNT_ID)
                    .replace("${AWS::Region}", region)
                    .replace("${AWS::Partition}", "aws")
                    for it in names
                )
                yield bucket, key, source


def _require_bucket(name: str, clients: Clients) -> None:
    try:
        clients.s3.head_bucket(Bucket=name)
    except ClientError:
        clients.s3.create_bucket(Bucket=name)
