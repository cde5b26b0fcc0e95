"""The page of resource types: ``python -m localprocs.cloudformation.listing > docs/emulator-types.md``."""

import inspect
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

from localprocs.cloudformation import registry
from localprocs.cloudformation.engine import schema
from localprocs.cloudformation.resource_type import TypeProvider

GROUP = "localstack.cloudformation.resource_providers"
OWN = ("AWS::CloudFormation::CustomResource", "AWS::CDK::Metadata")
HEAD = """\
# Resource types

What a template may hold here. A type that is not listed is refused with its name when the stack is created or changed;
so is a property that the type does not have, and an attribute in `Fn::GetAtt`: the schemas are those that AWS publishes.
A change that AWS makes in place, of a type that cannot be changed here, fails the update, which is rolled back.

Custom resources (`Custom::…`) run: their function or topic is told, and answers at the address that it is given.

| type | can be changed in place |
| --- | --- |
"""


def page() -> str:
    """Write the page."""
    return HEAD + "".join(f"| `{kind}` | {'yes' if can else 'no'} |\n" for kind, can in _types())


def can_change(provider: Any) -> bool:
    """Whether the provider changes a resource in place."""
    return isinstance(provider, TypeProvider) or "raise NotImplementedError" not in inspect.getsource(provider.update)


def _types() -> Iterator[tuple[str, bool]]:
    from localprocs.cloudformation.tables import TYPES  # noqa: PLC0415 - after the registry is installed

    spelled = {kind.lower(): kind for kind in (*schema.published_types(), *OWN)}
    theirs = {spelled.get(entry.name.lower()) for entry in entry_points(group=GROUP)} - {None}
    for kind in sorted({*TYPES, *theirs, *OWN}, key=str):
        provider = ResourceProviderExecutor.try_load_resource_provider(str(kind))
        if provider:
            yield str(kind), can_change(provider)


if __name__ == "__main__":
    registry.install()
    sys.stdout.write(page())
