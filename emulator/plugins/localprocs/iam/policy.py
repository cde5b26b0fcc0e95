"""Whether policies allow a request: a pure function of the policies and the request."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from localprocs.iam.conditions import Context, UnknownOperator, fill, hold, like

type Document = Mapping[str, Any]
type Effect = Literal["Allow", "Deny"]


@dataclass(frozen=True)
class Principal:
    """Who asks: a session of a role."""

    role_arn: str
    session_arn: str
    end: float = math.inf
    """When the session's credentials expire, in epoch seconds."""
    session_policy: str = ""
    """What the session was limited to when it was taken on, as JSON; nothing where it was not."""

    @property
    def account(self) -> str:
        """The role's account."""
        return self.role_arn.split(":")[4]


@dataclass(frozen=True)
class Access:
    """One permission that a call needs."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The answer, in AWS's words, and the statements that made it."""

    is_allowed: bool
    reason: str
    statements: tuple[str, ...] = ()
    """Names of the identity policies' statements that allow it: ``policy[index]``."""


def decide(
    principal: Principal,
    access: Access,
    identity: Mapping[str, Document],
    resource_policy: Document | None = None,
    limits: Mapping[str, Document] = MappingProxyType({}),
) -> Decision:
    """Decide within one account: an explicit deny wins; else an identity policy or the resource's policy must allow.

    A KMS key is different: what the identity policies say counts only if the key's policy lets the account decide.
    Limits (a permissions boundary, a session policy) must allow it as well; they grant nothing.
    """
    denied_by = "identity-based" if any(_matching("Deny", access, identity)) else None
    directly, through_account = _of_resource("Allow", principal, access, resource_policy)
    if any(_of_resource("Deny", principal, access, resource_policy)):
        denied_by = "resource-based"
    for name, limit in limits.items():
        if any(_matching("Deny", access, {name: limit})):
            denied_by = name.removesuffix(" policy")
    if denied_by:
        return Decision(is_allowed=False, reason=f"with an explicit deny in {_article(denied_by)} policy")
    for name, limit in limits.items():
        if not any(_matching("Allow", access, {name: limit})):
            return Decision(is_allowed=False, reason=f"because no {name} allows the {access.action} action")
    allowing = tuple(_matching("Allow", access, identity))
    is_key = access.action.startswith("kms:") and resource_policy is not None
    if directly or (allowing and (through_account or not is_key)):
        return Decision(is_allowed=True, reason="allowed", statements=allowing)
    lacking = "resource-based" if is_key and allowing else "identity-based"
    return Decision(is_allowed=False, reason=f"because no {lacking} policy allows the {access.action} action")


def trusts(trust: Document, names: Collection[str], context: Context) -> bool:
    """Whether a role's trust policy lets a service, by one of its names (``lambda.amazonaws.com``), take the role on."""
    access = Access("sts:AssumeRole", "*", context)

    def speaks(effect: Effect) -> bool:
        return any(
            statement.get("Effect") == effect
            and not set(_listed(statement.get("Principal", {}).get("Service", []))).isdisjoint(names)
            and _applies({**statement, "Resource": "*"}, access, effect)
            for statement in _statements(trust)
            if isinstance(statement.get("Principal", {}), dict)
        )

    return speaks("Allow") and not speaks("Deny")


def _matching(effect: Effect, access: Access, policies: Mapping[str, Document]) -> Iterator[str]:
    for name, document in policies.items():
        for index, statement in enumerate(_statements(document)):
            if statement.get("Effect") == effect and _applies(statement, access, effect):
                yield f"{name}[{index}]"


def _of_resource(effect: Effect, principal: Principal, access: Access, document: Document | None) -> tuple[bool, bool]:
    """Return whether the resource's policy speaks of the principal itself, and of its account."""
    directly = through_account = False
    for statement in _statements(document or {}):
        if statement.get("Effect") != effect or not _applies(statement, access, effect):
            continue
        names = set(_principals(statement))
        directly = directly or bool(names & {"*", principal.role_arn, principal.session_arn})
        account = principal.account
        through_account = through_account or bool(names & {account, f"arn:aws:iam::{account}:root"})
    return directly, through_account


def _applies(statement: Document, access: Access, effect: Effect) -> bool:
    if not _covers(statement, "Action", access.action.lower(), str.lower):
        return False
    if not _covers(statement, "Resource", access.resource, lambda text: fill(text, access.context)):
        return False
    try:
        return hold(statement.get("Condition", {}), access.context)
    except UnknownOperator:
        return effect == "Deny"


def _covers(statement: Document, element: str, value: str, prepare: Any) -> bool:
    if f"Not{element}" in statement:
        return not any(like(text, value) for text in _prepared(statement[f"Not{element}"], prepare))
    return any(like(text, value) for text in _prepared(statement.get(element, []), prepare))


def _prepared(texts: Any, prepare: Any) -> Iterable[str]:
    return [ready for text in _listed(texts) if (ready := prepare(text)) is not None]


def _principals(statement: Document) -> list[str]:
    principal = statement.get("Principal", {})
    return [principal] if isinstance(principal, str) else _listed(principal.get("AWS", []))


def _statements(document: Document) -> list[Document]:
    return _listed(document.get("Statement", []))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
