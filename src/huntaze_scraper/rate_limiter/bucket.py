"""The limiter's bucket: tokens, the moments at which messages come back, and the line. Pure; moments are milliseconds.

Tokens keep the limit: each is back a window after the moment at which its message reached the workflows queue *at the
latest*. While that is not known, because who took it is still sending or died over it, the end of its lease stands for
that moment.

Slots keep messages from asking twice: the n-th message comes back at ``max(now, slot[n - capacity] + spacing)``, once.
It comes back as a clock does: who is sent then is the line's to say. A slot whose message is of no use any more, because
its job went before, is vacant, and given again before a new one is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from huntaze_scraper.limit import rate
from huntaze_scraper.limit.line import Line, Next
from huntaze_scraper.limit.rate import Tokens

MOST_VACANT = 100
"""Vacant slots that are remembered; a token of one that is not lies idle for a while."""


@dataclass(frozen=True, slots=True)
class Limit(rate.Limit):
    """The limit, and the limiter's margins."""

    margin_ms: int = 500
    """The most by which the clocks of two invocations may differ."""
    slack_ms: int = 500
    """What slots lie further apart than tokens need, so that lateness is caught up with."""
    lease_ms: int = 20_000
    """How long a granted token may take to be spent: half of it until the send begins, half for the send."""

    @property
    def spacing_ms(self) -> int:
        """How far a slot lies behind the slot ``capacity`` places before it."""
        return self.return_ms + self.slack_ms


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket as it is stored, one item."""

    tokens: Tokens
    slots: tuple[int, ...]
    """The last ones given, as many as there are tokens, the first one first."""
    vacant: tuple[int, ...] = ()
    """Those that nobody's message comes back at any more, the first one first."""
    line: Line = field(default_factory=Line)
    held: Mapping[str, int] = field(default_factory=dict)
    """Accounts whose jobs an invocation is sending: nobody else sends one of theirs before that moment."""
    version: int = 0

    @classmethod
    def read(cls, item: Mapping[str, Any], capacity: int) -> Self:
        """Read the item, and fit it to the capacity; where there is none, nothing was taken yet."""
        slots = sorted(item.get("slots", ()))[-capacity:]
        return cls(
            tokens=Tokens.of(capacity, tuple(token["back_at"] for token in item.get("tokens", ()))),
            slots=(0,) * (capacity - len(slots)) + tuple(slots),
            vacant=tuple(item.get("vacant", ())),
            line=Line.of_json(json.loads(item["line"])) if "line" in item else Line(),
            held=item.get("held", {}),
            version=item.get("version", 0),
        )

    def write(self) -> dict[str, Any]:
        """Write the item, with the version that it has then."""
        return {
            "tokens": [{"back_at": moment} for moment in self.tokens.back_at],
            "slots": list(self.slots),
            "vacant": list(self.vacant),
            "line": json.dumps(self.line.as_json(), separators=(",", ":")),
            "held": dict(self.held),
            "version": self.version + 1,
        }

    def with_slot(self, limit: Limit, now: int, first: int) -> tuple[Self, int]:
        """Give the next slot: the first vacant one from that moment on, or a new one."""
        slot_at = next((it for it in self.vacant if it >= first), None)
        if slot_at is None:
            return self.with_new_slot(limit, now)
        place = self.vacant.index(slot_at)
        return replace(self, vacant=self.vacant[:place] + self.vacant[place + 1 :]), slot_at

    def with_new_slot(self, limit: Limit, now: int) -> tuple[Self, int]:
        """Give a slot behind all others."""
        slot_at = max(now, self.slots[0] + limit.spacing_ms)
        return replace(self, slots=tuple(sorted((*self.slots[1:], slot_at)))), slot_at

    def vacated(self, slots: Iterable[int]) -> Self:
        """Take back slots whose messages are of no use any more."""
        return replace(self, vacant=tuple(sorted((*self.vacant, *slots)))[-MOST_VACANT:])

    def missed(self, now: int) -> int:
        """Count the slots that went by vacant: their tokens are anybody's."""
        return sum(it <= now for it in self.vacant)

    def caught_up(self, count: int) -> Self:
        """Take the tokens of so many slots that went by."""
        return replace(self, vacant=self.vacant[count:])

    def granted(self, limit: Limit, turns: Sequence[Next], go_at: int) -> tuple[Self, "Lease"]:
        """Let an invocation send the jobs of these turns at that moment."""
        lease = Lease(go_at + limit.lease_ms, go_at + limit.lease_ms + limit.return_ms)
        tokens, line = self.tokens, self.line
        for turn in turns:
            tokens, line = tokens.spent(lease.back_at), line.given(turn.priority)
        held = dict.fromkeys((turn.account for turn in turns), lease.until)
        return replace(self, tokens=tokens, line=line, held={**self.held, **held}), lease

    def sent(self, limit: Limit, lease: "Lease", turn: Next, sent_at: int) -> Self:
        """Note that a job was sent, at that moment at the latest."""
        back_at = sent_at + limit.return_ms
        # A send that outlived its lease, so that somebody has its token by now, takes another one.
        tokens = self.tokens.moved(lease.back_at, back_at) or self.tokens.spent(back_at)
        # Nor is the account its own any more then: whoever has it sends the job again, and has it leave the line.
        is_ours = self.held.get(turn.account) == lease.until
        line = self.line.served(*turn) if is_ours and self.line.waiting(*turn) else self.line
        return replace(self, tokens=tokens, line=line)

    def returned(self, lease: "Lease", now: int) -> Self:
        """Give a token back unspent."""
        return replace(self, tokens=self.tokens.moved(lease.back_at, now) or self.tokens)

    def released(self, lease: "Lease", account: str) -> Self:
        """Let others send the account's jobs."""
        if self.held.get(account) != lease.until:
            return self
        return replace(self, held={name: until for name, until in self.held.items() if name != account})


@dataclass(frozen=True, slots=True)
class Lease:
    """What an invocation holds while it sends."""

    until: int
    """Until when the accounts are held."""
    back_at: int
    """When its tokens are back if nobody hears of it again."""
