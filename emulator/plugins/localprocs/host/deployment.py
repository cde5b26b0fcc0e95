"""Deploys a synthesised cloud assembly: its assets to their buckets, its stacks through CloudFormation.

``connect(service, place)`` returns boto3's client of a service, in the account and region that a stack goes to.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localprocs.host.assembly import FileAsset, Place, Stack, file_assets, stacks
from localprocs.host.errors import CloudError

type Connect = Callable[[str, Place], Any]

STACK_TIMEOUT_SECONDS = 300
BOOTSTRAP_VERSION = "30"
"""Of CDK's own bootstrap stack, which is not needed here; templates ask for it by a parameter of SSM."""
_TEMPLATE_BODY_LIMIT = 51_200
"""CloudFormation's, in characters, on a template in a request."""
_IN_SSM = "AWS::SSM::Parameter::Value<String>"
_AT_BOOTSTRAP = "/cdk-bootstrap/"


def deploy(
    assembly: Path, connect: Connect, default: Place, parameters: Mapping[str, str], tell: Callable[[str], None]
) -> dict[str, str]:
    """Create or update every stack, independent ones side by side, and return all outputs.

    Raises:
        CloudError: names the stack, the resource and the reason.
    """
    todo = stacks(assembly)
    if not todo:
        raise CloudError(f"{assembly} holds no stack")
    publish_assets(assembly, connect, next(iter(todo.values())).place(default))
    order = TopologicalSorter({name: stack.requires for name, stack in todo.items()})
    order.prepare()
    outputs: dict[str, str] = {}
    with ThreadPoolExecutor(4) as pool:
        while order.is_active():
            ready = order.get_ready()
            done = pool.map(lambda it: deploy_stack(todo[it], connect, default, parameters), ready)
            for name, found in zip(ready, done, strict=True):
                tell(f"{todo[name].name} deployed")
                outputs |= found
                order.done(name)
    return outputs


def publish_assets(assembly: Path, connect: Connect, place: Place) -> None:
    """Upload the assembly's file assets to the buckets that it names, which are made where they are missing."""
    for asset in file_assets(assembly):
        bucket, key = asset.placed(place)
        s3 = connect("s3", place)
        _require_bucket(bucket, s3)
        with tempfile.TemporaryDirectory() as folder:
            s3.upload_file(str(_file(asset, folder)), bucket, key)


def deploy_stack(stack: Stack, connect: Connect, default: Place, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create the stack, or update it where it stands, and return its outputs; parameters that it has not are left out.

    Raises:
        CloudError: names the stack, the resource and the reason.
    """
    place, known = stack.place(default), stack.parameters
    _answer_for_bootstrap(known, connect, place)
    body = stack.template.read_text()
    if len(body) > _TEMPLATE_BODY_LIMIT:
        body = json.dumps(json.loads(body), separators=(",", ":"))  # minified it may still fit
    arguments: dict[str, Any] = {
        "StackName": stack.name,
        "TemplateBody": body,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
            if name in known or stack.template.suffix != ".json"
        ],
    }
    cloudformation = connect("cloudformation", place)
    try:
        if _status(stack.name, cloudformation) is None:
            cloudformation.create_stack(**arguments)
        else:
            cloudformation.update_stack(**arguments)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise CloudError(f"{stack.name} was refused: {error}") from error
    return _await_stack(stack.name, cloudformation)


def _await_stack(name: str, cloudformation: Any) -> dict[str, str]:
    deadline = time.monotonic() + STACK_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = _status(name, cloudformation) or "missing"
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            description = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            return {each["OutputKey"]: each["OutputValue"] for each in description.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            raise CloudError(f"{name} ended in {status}: {_cause(name, cloudformation)}")
        time.sleep(0.1)
    raise CloudError(f"{name} was not ready within {STACK_TIMEOUT_SECONDS} s: look at the emulator's log")


def _status(name: str, cloudformation: Any) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _cause(name: str, cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [it for it in events if it.get("ResourceStatus", "").endswith("_FAILED")]
    return "; ".join(
        f"{it['LogicalResourceId']}: {it.get('ResourceStatusReason', 'no reason given')}" for it in failed[-3:]
    )


def _answer_for_bootstrap(parameters: Mapping[str, Any], connect: Connect, place: Place) -> None:
    """Put the bootstrap stack's version where a template looks for it, unless it is there."""
    for each in parameters.values():
        if each.get("Type") == _IN_SSM and str(each.get("Default", "")).startswith(_AT_BOOTSTRAP):
            ssm = connect("ssm", place)
            with suppress(ssm.exceptions.ParameterAlreadyExists):
                ssm.put_parameter(Name=each["Default"], Value=BOOTSTRAP_VERSION, Type="String")


def _file(asset: FileAsset, folder: str) -> Path:
    if not asset.is_zipped:
        return asset.source
    return Path(shutil.make_archive(str(Path(folder, "asset")), "zip", asset.source))


def _require_bucket(name: str, s3: Any) -> None:
    try:
        s3.head_bucket(Bucket=name)
    except ClientError:
        if s3.meta.region_name == "us-east-1":
            s3.create_bucket(Bucket=name)
        else:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
