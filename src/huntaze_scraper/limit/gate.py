"""The gate at the site: who takes a turn now, and when whoever must wait may ask again. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import Any, Self

from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.line import Line, Next
from huntaze_scraper.limit.rate import Limit, Tokens

LATE_MS = 30_000
"""Who is so late for its turn does not keep others from theirs; its place in the line it keeps."""
MOST_WAITING = 1_000
"""Accounts in the line: the item must stay below DynamoDB's 400 KB. Others ask again when these have had their turns."""

SOON = 50
"""So many turns are told one by one, which takes time; beyond, one in ten for what is less urgent is left out."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate as it is stored, one item."""

    tokens: Tokens
    line: Line = field(default_factory=Line)
    expected: Mapping[str, int] = field(default_factory=dict)
    """When each account in the line asks again."""
    version: int = 0

    @classmethod
    def read(cls, item: Mapping[str, Any], capacity: int) -> Self:
        """Read the item; where there is none, nothing was taken yet."""
        if not item:
            return cls(Tokens.of(capacity))
        return cls(
            Tokens.of(capacity, tuple(item["back_at"])),
            Line.of_json(json.loads(item["line"])),
            item["expected"],
            item["version"],
        )

    def write(self) -> dict[str, Any]:
        """Write the item, but for its version."""
        return {
            "back_at": list(self.tokens.back_at),
            "line": json.dumps(self.line.as_json(), separators=(",", ":")),
            "expected": dict(self.expected),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to whoever wants a turn."""

    gate: Gate
    """As it is to be stored."""
    back_at: int | None = None
    """When the token that was taken is back, which names it; None where there is none yet."""
    wait_until: int = 0
    """When to ask again."""


def ask(limit: Limit, gate: Gate, account: str, priority: Priority, now: int, *, is_shared: bool) -> Asked:
    """Take a turn, or a place in the line. A gate that is not shared has one account, which has no line."""
    if not is_shared:
        return _take(limit, gate, now) if gate.tokens.free(now) else Asked(gate, wait_until=gate.tokens.at(0, limit))
    joined = _join(gate, account, priority)
    if joined is None:
        return Asked(gate, wait_until=max(now, gate.tokens.at(MOST_WAITING, limit)))
    own = Next(priority, account)
    late = {name for name, moment in joined.expected.items() if moment + LATE_MS < now and name != account}
    ahead = _ahead(joined.line, own, late)
    if ahead < joined.tokens.free(now):
        expected = {name: moment for name, moment in joined.expected.items() if name != account}
        return _take(limit, replace(joined, line=joined.line.given(priority).served(*own), expected=expected), now)
    until = max(now, joined.tokens.at(ahead, limit))
    return Asked(replace(joined, expected={**joined.expected, account: until}), wait_until=until)


def _ahead(line: Line, own: Next, late: Collection[str]) -> int:
    """Count who has turns before, one by one where that is soon, and roughly where it is far off."""
    soon = list(takewhile(lambda it: it != own, islice(line.order(late), SOON)))
    return len(soon) if len(soon) < SOON else max(SOON, line.place(own, late))


def _join(gate: Gate, account: str, priority: Priority) -> Gate | None:
    """Let the account stand in the line once, with its present job's priority."""
    line = gate.line
    if line.waiting(priority, account):
        return gate
    for other in Priority:
        if line.waiting(other, account):
            line = line.left(other, account)
    if account not in gate.expected and len(gate.expected) >= MOST_WAITING:
        return None
    return replace(gate, line=line.joined(priority, account))


def _take(limit: Limit, gate: Gate, now: int) -> Asked:
    back_at = now + limit.return_ms
    return Asked(replace(gate, tokens=gate.tokens.spent(back_at)), back_at=back_at)
