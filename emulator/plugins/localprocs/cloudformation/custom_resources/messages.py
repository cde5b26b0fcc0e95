"""What CloudFormation and a custom resource's function say to each other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
"""How the types of custom resources begin."""

LONGEST_ANSWER_BYTES = 4096


@dataclass(frozen=True)
class Answer:
    """What a function said of a request."""

    succeeded: bool
    physical_id: str
    reason: str
    data: Mapping[str, Any] = field(default_factory=dict)


def request(
    kind: str,
    *,
    url: str,
    request_id: str,
    stack_id: str,
    resource_type: str,
    logical_id: str,
    properties: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
    physical_id: str | None = None,
) -> dict[str, Any]:
    """Write what the function is called with; ``kind`` is Create, Update or Delete."""
    message: dict[str, Any] = {
        "RequestType": kind,
        "ServiceToken": properties["ServiceToken"],
        "ResponseURL": url,
        "StackId": stack_id,
        "RequestId": request_id,
        "LogicalResourceId": logical_id,
        "ResourceType": resource_type,
        "ResourceProperties": as_text(properties),
    }
    if physical_id is not None:
        message["PhysicalResourceId"] = physical_id
    if old is not None:
        message["OldResourceProperties"] = as_text(old)
    return message


def as_text(value: Any) -> Any:
    """Write numbers and truth values as text, as CloudFormation sends them."""
    match value:
        case Mapping():
            return {key: as_text(each) for key, each in value.items()}
        case list():
            return [as_text(each) for each in value]
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
    return value


def read_answer(body: bytes, *, needs_id: bool) -> Answer:
    """Read what the function has sent; what it may not be is a failure that says why."""
    if len(body) > LONGEST_ANSWER_BYTES:
        return Answer(succeeded=False, physical_id="", reason="Response object is too long.")
    try:
        said = json.loads(body)
        succeeded = {"SUCCESS": True, "FAILED": False}[said["Status"]]
    except (ValueError, KeyError, TypeError):
        return Answer(succeeded=False, physical_id="", reason="Invalid response object: it must hold a Status")
    physical_id = str(said.get("PhysicalResourceId") or "")
    if succeeded and needs_id and not physical_id:
        return Answer(succeeded=False, physical_id="", reason="Invalid PhysicalResourceId")
    data = said.get("Data") or {}
    return Answer(succeeded, physical_id, str(said.get("Reason") or ""), data if isinstance(data, dict) else {})
