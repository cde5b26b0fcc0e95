"""Experiment templates: what one holds, and what makes no sense of it. Pure."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

TASK, ROLE = "aws:ecs:task", "aws:iam:role"
ACTIONS: dict[str, tuple[str, str]] = {
    "aws:fis:wait": ("", ""),
    "aws:fis:inject-api-internal-error": ("Roles", ROLE),
    "aws:fis:inject-api-throttle-error": ("Roles", ROLE),
    "aws:fis:inject-api-unavailable-error": ("Roles", ROLE),
    "aws:ecs:stop-task": ("Tasks", TASK),
    "aws:ec2:send-spot-instance-interruptions": ("SpotInstances", TASK),
    "localstack:generic:api-error": ("", ""),
    "localstack:generic:latency": ("", ""),
}
"""Actions by id, with the key of their targets and what these must be. Fargate's Spot has no instances of one's own: an
interruption is of tasks."""
TAKES_TIME = frozenset(ACTIONS) - {"aws:ecs:stop-task", "aws:ec2:send-spot-instance-interruptions"}
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_SELECTION = re.compile(r"ALL|COUNT\((\d+)\)|PERCENT\((\d+)\)")


class InvalidTemplate(Exception):
    """A template that FIS refuses; the text says why."""


def check(template: Mapping[str, Any]) -> None:
    """Look through a template.

    Raises:
        InvalidTemplate: FIS refuses it, or asks for what is not emulated.
    """
    actions, targets = template.get("actions") or {}, template.get("targets") or {}
    if not actions:
        raise InvalidTemplate("The experiment template has no actions.")
    for name, target in targets.items():
        if not _SELECTION.fullmatch(target.get("selectionMode", "")):
            raise InvalidTemplate(f"The selection mode of target {name} is not valid.")
        if target.get("resourceType") not in (TASK, ROLE):
            raise InvalidTemplate(f"The resource type {target.get('resourceType')} of target {name} is not emulated.")
    for name, action in actions.items():
        _check_action(name, action, targets, actions)
    _order(actions)
    for condition in template.get("stopConditions") or []:
        if condition.get("source") not in ("none", "aws:cloudwatch:alarm"):
            raise InvalidTemplate(f"The stop condition's source {condition.get('source')} is not valid.")


def _check_action(name: str, action: Mapping[str, Any], targets: Mapping[str, Any], actions: Mapping[str, Any]) -> None:
    kind = action.get("actionId", "")
    if kind not in ACTIONS:
        raise InvalidTemplate(f"The action {kind} is not emulated; these are: {', '.join(sorted(ACTIONS))}.")
    key, resource_type = ACTIONS[kind]
    wanted = (action.get("targets") or {}).get(key, "") if key else ""
    if key and (wanted not in targets or targets[wanted]["resourceType"] != resource_type):
        raise InvalidTemplate(f"The action {name} needs a target {key} of the type {resource_type}.")
    for other in action.get("startAfter") or []:
        if other not in actions:
            raise InvalidTemplate(f"The action {name} starts after {other}, which there is not.")
    if kind in TAKES_TIME:
        duration_seconds((action.get("parameters") or {}).get("duration", ""))


def _order(actions: Mapping[str, Any]) -> None:
    left = set(actions)
    while left:
        ready = {name for name in left if not set(actions[name].get("startAfter") or []) & left}
        if not ready:
            raise InvalidTemplate("The actions start after one another in a circle.")
        left -= ready


def duration_seconds(written: str) -> float:
    """Return the seconds of a duration (``PT5M``).

    Raises:
        InvalidTemplate: it is none.
    """
    found = _DURATION.fullmatch(written or "")
    if not found or written == "PT":
        raise InvalidTemplate(f"The duration {written!r} is not valid: write it as PT5M.")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600.0 + minutes * 60.0 + seconds


def select(mode: str, found: Sequence[str], seed: str) -> list[str]:
    """Choose of the resources that were found; the same seed chooses the same."""
    match = _SELECTION.fullmatch(mode)
    if not match or mode == "ALL":
        return list(found)
    count = int(match[1]) if match[1] else max(1, len(found) * int(match[2]) // 100)
    chosen = random.Random(seed).sample(sorted(found), min(count, len(found)))  # noqa: S311 - repeatable on purpose
    return sorted(chosen)


def rules(action: Mapping[str, Any], roles: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rules of faults that an action stands for while it runs."""
    kind, given = action["actionId"], action.get("parameters") or {}
    where: dict[str, Any] = {name: given[name] for name in ("service", "region") if given.get(name)}
    probability = float(given.get("percentage", "100")) / 100
    operations = [it.strip() for it in (given.get("operations") or given.get("api") or "*").split(",")]
    if kind == "localstack:generic:latency":
        what: dict[str, Any] = {"latency": float(given.get("latencyMilliseconds", "0"))}
    elif kind == "aws:fis:inject-api-throttle-error":
        what = {"throttle": True}
    else:
        usual = {"aws:fis:inject-api-internal-error": ("500", "InternalError")}.get(kind, ("503", "ServiceUnavailable"))
        status, code = given.get("errorCode", usual[0]), given.get("exception", usual[1])
        what = {"error": {"statusCode": int(status), "code": code}}
    callers = [{"role": role} for role in roles] if kind.startswith("aws:") else [{"callers": "all"}]
    return [
        {**where, "operation": operation, "probability": probability, **what, **caller}
        for operation in operations
        for caller in callers
    ]
