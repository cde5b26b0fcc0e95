"""What a deployment would change, from CloudFormation's change sets."""

import json
import time
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from botocore.exceptions import ClientError

from huntaze_scraper.operations.errors import TellOperator
from infra_cdk import assembly as cloud_assembly
from infra_cdk.assembly import Stack
from infra_cdk.release.stacks import Stacks

TIMEOUT_SECONDS = 120


def in_order(assembly: Path) -> list[Stack]:
    """Return the assembly's stacks in the order in which they are deployed."""
    found = cloud_assembly.stacks(assembly)
    order = TopologicalSorter({name: sorted(stack.requires) for name, stack in found.items()})
    return [found[name] for name in order.static_order()]


def names(assembly: Path) -> list[str]:
    """Return the stacks' names in that order."""
    return [stack.name for stack in in_order(assembly)]


def tell(stacks: Stacks, assembly: Path, change_set: str) -> Iterator[str]:
    """Tell each stack's changes, a line each, and delete the change sets."""
    for stack in in_order(assembly):
        if not stacks.status(stack.name):
            resources = json.loads(stack.template.read_text())["Resources"]
            yield f"{stack.name}: new, {len(resources)} resources"
            continue
        changes = list(_changes(stacks, stack.name, change_set))
        yield f"{stack.name}: {f'{len(changes)} changes' if changes else 'no change'}"
        yield from changes


def _changes(stacks: Stacks, name: str, change_set: str) -> Iterator[str]:
    client = stacks.clients.cloudformation
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            found = client.describe_change_set(StackName=name, ChangeSetName=change_set)
        except ClientError as error:
            if "ChangeSetNotFound" in str(error) or "does not exist" in str(error):
                return  # the CDK deletes one that changes nothing
            raise TellOperator(f"{name}'s change set cannot be read: {error}") from error
        if not found["Status"].endswith(("PENDING", "IN_PROGRESS")):
            break
        if time.monotonic() > deadline:
            raise TellOperator(f"{name}'s change set is still {found['Status']}")
        time.sleep(1)
    for change in (it["ResourceChange"] for it in found.get("Changes", []) if "ResourceChange" in it):
        replaced = ", replaced" if change.get("Replacement") == "True" else ""
        yield f"  {change['Action']:<7} {change['ResourceType']}  {change['LogicalResourceId']}{replaced}"
    client.delete_change_set(StackName=name, ChangeSetName=change_set)
