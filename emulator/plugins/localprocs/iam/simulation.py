"""SimulatePrincipalPolicy: what the guard would decide, for actions and resources that are asked about."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localprocs.iam.conditions import Context
from localprocs.iam.policy import Access, Document, Principal, decide

type Policies = Mapping[str, Document]


def simulate(
    request: Mapping[str, Any], principal: Principal, identity: Policies, limits: Policies
) -> Iterator[dict[str, Any]]:
    """Yield an EvaluationResult for each action and resource of a SimulatePrincipalPolicy."""
    given = {f"PolicyInputList.{n}": json.loads(text) for n, text in enumerate(request.get("PolicyInputList") or [], 1)}
    more = request.get("PermissionsBoundaryPolicyInputList") or []
    if more:
        limits = {**limits, "permissions boundary": _joined(json.loads(text) for text in more)}
    resource_policy = json.loads(request["ResourcePolicy"]) if request.get("ResourcePolicy") else None
    context = _context(request.get("ContextEntries") or [])
    for action in request["ActionNames"]:
        for resource in request.get("ResourceArns") or ["*"]:
            access = Access(action, resource, context)
            decision = decide(principal, access, {**identity, **given}, resource_policy, limits)
            is_denied = "explicit deny" in decision.reason
            yield {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "allowed" if decision.is_allowed else "explicitDeny" if is_denied else "implicitDeny",
                "MatchedStatements": [
                    {"SourcePolicyId": name.rpartition("[")[0], "SourcePolicyType": "IAM Policy"}
                    for name in decision.statements
                ],
                "MissingContextValues": [],
            }


def _joined(documents: Any) -> Document:
    statements: list[Any] = []
    for document in documents:
        found = document.get("Statement", [])
        statements += found if isinstance(found, list) else [found]
    return {"Statement": statements}


def _context(entries: list[Mapping[str, Any]]) -> Context:
    return {entry["ContextKeyName"].lower(): tuple(entry.get("ContextKeyValues", [])) for entry in entries}
