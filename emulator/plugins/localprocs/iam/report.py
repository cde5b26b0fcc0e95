"""What roles were granted and what they used: the difference, and the smallest policy that would have done."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localprocs.iam.conditions import like

type Document = Mapping[str, Any]
type Row = Mapping[str, Any]
"""A row of the record: role, action, resource, allowed."""


@dataclass(frozen=True)
class RoleReport:
    """One role's."""

    role: str
    used_not_granted: Sequence[tuple[str, str]] = ()
    """Actions and resources that were asked for and that nothing allows."""
    granted_not_used: Sequence[tuple[str, str, str]] = ()
    """Statements, actions and resources that nothing has used."""
    smallest: Document = field(default_factory=dict)
    """Allows what was asked for, and nothing else."""
    diff: str = ""
    """From the policies as they are to the smallest."""

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "role": self.role,
            "used_not_granted": [
                {"action": action, "resource": resource} for action, resource in self.used_not_granted
            ],
            "granted_not_used": [
                {"statement": statement, "action": action, "resource": resource}
                for statement, action, resource in self.granted_not_used
            ],
            "smallest_policy": self.smallest,
            "diff": self.diff,
        }


def report(role: str, policies: Mapping[str, Document], rows: Sequence[Row]) -> RoleReport:
    """Compare a role's policies with what it asked for."""
    own = [row for row in rows if row["role"] == role]
    lacking = sorted({(row["action"], row["resource"]) for row in own if not row["allowed"]})
    smallest = _smallest(own)
    return RoleReport(role, lacking, list(_unused(policies, own)), smallest, _diff(policies, smallest))


def _unused(policies: Mapping[str, Document], rows: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
    for name, document in policies.items():
        for number, statement in enumerate(_listed(document.get("Statement", []))):
            if statement.get("Effect") != "Allow" or "Action" not in statement:
                continue
            for action in _listed(statement["Action"]):
                for resource in _listed(statement.get("Resource", "*")):
                    is_used = any(
                        like(action.lower(), row["action"].lower()) and like(resource, row["resource"]) for row in rows
                    )
                    if not is_used:
                        yield f"{name}[{number}]", action, resource


def _smallest(rows: Sequence[Row]) -> Document:
    actions: dict[str, set[str]] = {}
    for row in rows:
        actions.setdefault(row["resource"], set()).add(row["action"])
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, names in actions.items():
        by_actions.setdefault(tuple(sorted(names)), []).append(resource)
    statements = [
        {"Effect": "Allow", "Action": _short(names), "Resource": _short(sorted(resources))}
        for names, resources in sorted(by_actions.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _diff(policies: Mapping[str, Document], smallest: Document) -> str:
    now = "".join(f"{name} {json.dumps(document, indent=2, sort_keys=True)}\n" for name, document in policies.items())
    then = f"smallest {json.dumps(smallest, indent=2, sort_keys=True)}\n" if smallest["Statement"] else ""
    lines = difflib.unified_diff(
        now.splitlines(), then.splitlines(), "as it is", "smallest that was needed", lineterm=""
    )
    return "\n".join(lines)


def _short(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
