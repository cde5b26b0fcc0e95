"""The token bucket by reservation: pure policy; moments are whole milliseconds since the epoch.

Two lists make a bucket, both as long as its capacity:

* ``tokens`` keep the limit. A token that was spent comes back a window (and the
  margin for clocks) after the last moment at which the message that took it can
  have reached the workflows queue. While that moment is not known, because its
  holder is still sending or died over it, the end of the holder's lease stands for it.
* ``slots`` keep messages from asking twice. The n-th message is told to come back
  at ``max(now, slot[n - capacity] + spacing)``, once, however long the burst.
"""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Limit:
    """How many messages any window may hold, and the margins that keep it true of clocks that differ."""

    capacity: int = 10
    window_ms: int = 60_000
    clock_skew_ms: int = 2_000
    """The most by which the clocks of two invocations may differ."""
    slack_ms: int = 2_000
    """What slots lie further apart than tokens need, so that lateness is caught up with."""
    step_ms: int = 1_000
    """How far apart one account's waiting messages come back, so that they come in order."""
    lease_ms: int = 20_000
    """How long a granted token may take to be spent: half of it until the send begins, half for the send."""

    @property
    def return_ms(self) -> int:
        """How long after it was spent a token comes back."""
        return self.window_ms + self.clock_skew_ms

    @property
    def spacing_ms(self) -> int:
        """How far a slot lies behind the slot ``capacity`` places before it."""
        return self.return_ms + self.slack_ms


@dataclass(frozen=True, slots=True)
class Token:
    """One token: when anyone may spend it again, and the job that holds it until then."""

    back_at: int
    holder: str | None = None
    held_from: int = 0
    """The holder may not spend it before: only then is it back from the one before."""
    gives_way: bool = False
    """The holder has yet to come for it, and can wait."""

    next_holder: str | None = None
    """The job that gets it after the holder."""

    def usable_at(self, *, is_urgent: bool) -> float:
        """Tell when another job may spend it: an urgent one takes it from a holder that can wait."""
        if is_urgent and self.gives_way:
            return self.held_from
        return math.inf if self.next_holder else self.back_at

    def expected_at(self, limit: Limit, now: int) -> int:
        """Tell when it is likely back from all who wait for it: who holds it is most likely just spending it."""
        if self.holder is None:
            return self.back_at
        expected = min(self.back_at, max(now, self.held_from) + limit.spacing_ms)
        return expected + limit.spacing_ms if self.next_holder else expected

    def passed_on(self, limit: Limit, at: int) -> "Token":
        """Return it as it is once its holder has no more to do with it, from that moment."""
        if self.next_holder is None:
            return Token(at)
        return Token(at + limit.lease_ms + limit.return_ms, self.next_holder, at, gives_way=True)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket as it is stored, one item; a bucket never seen before is full."""

    tokens: tuple[Token, ...]
    slots: tuple[int, ...]
    version: int = 0

    @classmethod
    def full(cls, capacity: int) -> Self:
        """Make a bucket of which nothing was taken yet."""
        return cls(tokens=(Token(0),) * capacity, slots=(0,) * capacity)

    def resized(self, capacity: int) -> Self:
        """Fit the bucket to another capacity; when it shrinks, the latest tokens and slots are kept."""
        if capacity == len(self.tokens) == len(self.slots):
            return self
        tokens = sorted(self.tokens, key=lambda token: token.back_at)[-capacity:]
        slots = sorted(self.slots)[-capacity:]
        missing = capacity - len(tokens)
        return replace(
            self,
            tokens=(Token(0),) * missing + tuple(tokens),
            slots=(0,) * (capacity - len(slots)) + tuple(slots),
        )

    def free(self, now: int) -> int:
        """Count the tokens that may be spent now."""
        return sum(token.back_at <= now for token in self.tokens)

    def next_slot(self, limit: Limit, now: int) -> int:
        """Return when the next message has its turn."""
        return max(now, min(self.slots) + limit.spacing_ms)

    def with_slot(self, slot_at: int) -> Self:
        """Take a slot."""
        return replace(self, slots=(*sorted(self.slots)[1:], slot_at))

    def held_by(self, job_id: str) -> Token | None:
        """Return the token that the job still holds."""
        return next((token for token in self.tokens if token.holder == job_id), None)

    def promised_to(self, job_id: str) -> Token | None:
        """Return the token that the job gets after its holder."""
        return next((token for token in self.tokens if token.next_holder == job_id), None)

    def first(self, *, is_urgent: bool = False) -> Token:
        """Return the token that can be had first."""
        return min(self.tokens, key=lambda token: token.usable_at(is_urgent=is_urgent))

    def first_to_book(self, limit: Limit, now: int, *, is_urgent: bool) -> Token | None:
        """Return the first token that nobody waits for with more right, in anybody's hands or not."""

        def at(token: Token) -> int:
            return token.held_from if is_urgent and token.gives_way else token.expected_at(limit, now)

        return min((it for it in self.tokens if it.next_holder is None), key=at, default=None)

    def exchanged(self, old: Token, new: Token) -> Self:
        """Put one token in the place of another."""
        place = self.tokens.index(old)
        return replace(self, tokens=(*self.tokens[:place], new, *self.tokens[place + 1 :]))

    def up_to_date(self, limit: Limit, now: int) -> Self:
        """Pass on the tokens whose holders' leases have run out."""
        tokens = (it.passed_on(limit, it.back_at) if it.next_holder and it.back_at <= now else it for it in self.tokens)
        return replace(self, tokens=tuple(tokens))

    def spent(self, limit: Limit, job_id: str, sent_at: int) -> Self:
        """Note that the job's message was sent at that moment at the latest.

        A send that outlived its lease, so that another job has its token by now, takes the next one.
        """
        token = self.held_by(job_id) or self.first()
        return self.exchanged(token, token.passed_on(limit, sent_at + limit.return_ms))

    def returned(self, limit: Limit, job_id: str) -> Self:
        """Give the job's token back unspent."""
        token = self.held_by(job_id)
        return self.exchanged(token, token.passed_on(limit, token.held_from)) if token else self
