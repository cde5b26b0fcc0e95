"""Resource types whose properties are the arguments of one API call: a row says which."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jmespath

from localprocs.cloudformation.resource_type import Call, Properties, ResourceType

type Argument = str | Callable[[Properties], Any]
"""A property's name, or what to make of all properties; None leaves the argument out."""


def api_type(
    name: str,
    service: str,
    *,
    reference: str,
    create: str,
    delete: str | None,
    key: Mapping[str, Argument],
    update: str | None = None,
    named: str | None = None,
    name_limit: int = 255,
    arguments: Mapping[str, Argument] | None = None,
    attributes: Mapping[str, str] | None = None,
    replaced_by: tuple[str, ...] = (),
) -> ResourceType:
    """Describe a type.

    Args:
        reference: the property that Ref returns
        create, update, delete: operations, as boto3 names them
        key: arguments of update and delete that say which resource is meant
        named: the property that holds the name, made up when the template has none
        arguments: of create and update, that are not spelled as a property is
        attributes: property to its place in the answer of create (JMESPath)
    """
    arguments = arguments or {}
    places = {attribute: jmespath.compile(path) for attribute, path in (attributes or {}).items()}

    def make(call: Call) -> Properties:
        if named:
            call.properties.setdefault(named, call.generated_name(name_limit))
        answer = _ask(call, service, create, call.properties | _arguments(arguments, call.properties))
        return {attribute: place.search(answer) for attribute, place in places.items()}

    def change(operation: str, call: Call) -> Properties:
        changes = call.properties | _arguments(arguments, call.properties) | _arguments(key, call.properties)
        answer = _ask(call, service, operation, changes)
        found = {attribute: place.search(answer) for attribute, place in places.items()}
        return {attribute: value for attribute, value in found.items() if value is not None}

    def remove(call: Call) -> None:
        if delete:
            _ask(call, service, delete, _arguments(key, call.properties))

    return ResourceType(
        name,
        reference,
        make,
        remove,
        partial(change, update) if update else None,
        replaced_by,
        (*places, *([named] if named else [])),
    )


def tag_map(properties: Properties) -> dict[str, str] | None:
    """Write CloudFormation's list of tags as the map that some APIs take."""
    tags = properties.get("Tags")
    return {tag["Key"]: tag["Value"] for tag in tags} if isinstance(tags, list) else tags


def ec2_tags(kind: str) -> Callable[[Properties], Any]:
    """Write CloudFormation's list of tags as EC2 takes them for a resource of the kind."""
    return lambda properties: [{"ResourceType": kind, "Tags": properties["Tags"]}] if properties.get("Tags") else None


def _arguments(table: Mapping[str, Argument], properties: Properties) -> Properties:
    found = {name: how(properties) if callable(how) else properties.get(how) for name, how in table.items()}
    return {name: value for name, value in found.items() if value is not None}


def _ask(call: Call, service: str, operation: str, arguments: Properties) -> Any:
    return getattr(call.client(service), operation)(**arguments)
