"""Whether an update must replace a resource: by the values of its properties, as AWS decides it.

LocalStack decides by where the values come from: a property that refers to a resource which changes would replace its
own, even if what it refers to (a name, an id) stays the same.
"""

from typing import Any

from localstack.services.cloudformation.engine.v2.change_set_model_executor import ChangeSetModelExecutor
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

from localprocs.cloudformation.resource_type import Properties

_execute = ChangeSetModelExecutor._execute_resource_change  # noqa: SLF001 - the one place where it is decided


def install() -> None:
    """Decide it our way."""
    ChangeSetModelExecutor._execute_resource_change = _execute_by_value  # noqa: SLF001


def is_needed(create_only: list[str], before: Properties, after: Properties) -> bool:
    """Whether a property that only a new resource can take is not what it was; ``create_only`` are JSON pointers."""
    return any(_at(pointer, before) != _at(pointer, after) for pointer in create_only)


def _at(pointer: str, properties: Any) -> Any:
    for part in pointer.removeprefix("/properties/").split("/"):
        properties = properties.get(part) if isinstance(properties, dict) else None
    return properties


def _execute_by_value(executor: ChangeSetModelExecutor, name: str, before: Any, after: Any) -> None:
    if getattr(after, "requires_replacement", False) and getattr(before, "properties", None):
        provider = ResourceProviderExecutor.try_load_resource_provider(after.resource_type)
        create_only = provider.SCHEMA.get("createOnlyProperties", []) if provider else []
        after.requires_replacement = is_needed(create_only, before.properties.properties, after.properties.properties)
    _execute(executor, name=name, before=before, after=after)
