"""Whose turn it is: what becomes of each job of a batch, decided as a whole and without I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from huntaze_scraper.rate_limiter.token_bucket import Bucket, Limit, Token

ORDER_PATIENCE_WINDOWS = 5
"""A job waits so many windows beyond its slot for the one before it in its account's line, then goes without it."""

FIFO_DEDUPLICATION_MS = 300_000
"""How long a FIFO queue drops what it was sent before."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A job's place: its slot, and its number in its account's line; ``forwarded_at`` once it has gone."""

    account: str
    number: int
    slot_at: int
    forwarded_at: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An account's jobs in the order in which they were reserved: the last number given, the last that has gone."""

    last: int = 0
    gone: int = 0
    last_slot: int = 0
    """The slot that was given last, ms."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that asks for its turn."""

    job_id: str
    account: str
    sent_at: int
    """SentTimestamp on the ingress queue, ms."""
    is_replay: bool = False
    """Sent again on purpose: that it was forwarded before does not make it a copy."""


@dataclass(frozen=True, slots=True)
class State:
    """What the store holds about a batch; written back, only what changed."""

    bucket: Bucket
    reservations: Mapping[str, Reservation] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)

    def updated(self, changed: "State") -> "State":
        """Lay what was written over what was read."""
        return State(changed.bucket, {**self.reservations, **changed.reservations}, {**self.lines, **changed.lines})


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send a job's message now."""

    tokens_remaining: int
    may_be_a_repeat: bool
    """An earlier attempt held the same token, and its message may be on the queue already."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What becomes of each job, by job id."""

    go_at: int
    """When the granted ones may be sent: now, or as soon as the last of their tokens is back."""
    grants: Mapping[str, Grant]
    delayed: Mapping[str, int]
    """No token yet: when to come back."""
    behind: Mapping[str, int]
    """In turn, but so many earlier jobs of the same account have not gone yet."""
    done: frozenset[str]
    """Forwarded before: a copy, or a message whose deletion got lost."""
    changed: State | None
    """What to store for this to hold; None where nothing changed."""


def decide(limit: Limit, state: State, batch: Iterable[Asked], *, now: int, wait_until: int) -> Turns:
    """Give the batch its turns: those that have a slot first, by slot; then the new ones, by SentTimestamp.

    A job that comes back early, or before its token does, waits in the invocation,
    until ``wait_until`` at most: that is cheaper than another receive.
    """
    decision = _Decision(limit, state, now, wait_until)
    known: list[tuple[int, int, str]] = []
    new: list[Asked] = []
    for asked in batch:
        reservation = state.reservations.get(asked.job_id)
        if reservation is None or decision.is_sent_again(asked, reservation):
            new.append(asked)
        elif reservation.forwarded_at is not None:
            decision.done.add(asked.job_id)
        else:
            known.append((reservation.slot_at, reservation.number, asked.job_id))
    for _, _, job_id in sorted(known):
        decision.come_back(job_id, state.reservations[job_id])
    for asked in sorted(new, key=lambda it: it.sent_at):
        decision.come_first(asked)
    return decision.turns()


def settle(limit: Limit, state: State, *, sent: Mapping[str, int], unsent: Collection[str]) -> State:
    """Note what became of granted jobs: sent at that moment at the latest, or certainly not sent."""
    bucket, lines = state.bucket, dict(state.lines)
    reservations: dict[str, Reservation] = {}
    for job_id, sent_at in sent.items():
        reservation = state.reservations[job_id]
        if reservation.forwarded_at is None or bucket.held_by(job_id):
            bucket = bucket.spent(limit, job_id, sent_at)
        gone = reservations[job_id] = replace(reservation, forwarded_at=sent_at)
        line = lines.get(gone.account, Line(last=gone.number))
        lines[gone.account] = replace(line, gone=max(line.gone, gone.number))
    for job_id in unsent:
        bucket = bucket.returned(job_id)
    touched = {reservation.account for reservation in reservations.values()}
    return State(bucket, reservations, {account: lines[account] for account in touched})


class _Decision:
    """A decision in the making: each job takes from what the ones before it left."""

    def __init__(self, limit: Limit, state: State, now: int, wait_until: int) -> None:
        self.limit, self.now, self.wait_until = limit, now, wait_until
        self.before = state.bucket
        self.bucket = state.bucket.resized(limit.capacity)
        self.lines = dict(state.lines)
        self.gone = {account: line.gone for account, line in state.lines.items()}
        self.reservations: dict[str, Reservation] = {}
        self.grants: dict[str, Grant] = {}
        self.delayed: dict[str, int] = {}
        self.behind: dict[str, int] = {}
        self.done: set[str] = set()
        self.go_at = now
        self.returns = sorted(self._expected_back(token) for token in self.bucket.tokens)

    def is_sent_again(self, asked: Asked, reservation: Reservation) -> bool:
        """Tell a replay on purpose from a copy: the queue itself would not take it again any earlier."""
        forwarded_at = reservation.forwarded_at
        return asked.is_replay and forwarded_at is not None and self.now - forwarded_at > FIFO_DEDUPLICATION_MS

    def come_back(self, job_id: str, reservation: Reservation) -> None:
        """Give a job with a slot its turn, or the time of it."""
        if reservation.slot_at > self.wait_until:
            self.delayed[job_id] = reservation.slot_at
        elif not self._is_in_order(reservation):
            self.behind[job_id] = self._ahead_of(reservation)
        elif (own := self.bucket.held_by(job_id)) is not None:
            self._grant(job_id, reservation, own, at=max(self.now, reservation.slot_at))
        else:
            token = self.bucket.earliest
            at = max(self.now, reservation.slot_at, token.back_at)
            if at <= self.wait_until:
                self._grant(job_id, reservation, token, at=at)
            else:
                self._book(job_id, reservation)

    def come_first(self, asked: Asked) -> None:
        """Give a new job its place and, where a token is there, its turn."""
        line = self.lines.get(asked.account, Line())
        slot_at = self.bucket.next_slot(self.limit, self.now)
        if self.gone.get(asked.account, line.gone) < line.last:
            slot_at = max(slot_at, line.last_slot + self.limit.step_ms)
        token = self.bucket.earliest
        # A slot no further off than clocks may differ was given by a clock that is ahead.
        is_due = slot_at <= self.now + self.limit.clock_skew_ms
        if is_due and token.back_at > self.now:
            is_due, slot_at = False, max(slot_at, self._next_return())
        self.bucket = self.bucket.with_slot(slot_at)
        self.lines[asked.account] = replace(line, last=line.last + 1, last_slot=slot_at)
        reservation = self.reservations[asked.job_id] = Reservation(asked.account, line.last + 1, slot_at)
        if not is_due:
            self.delayed[asked.job_id] = slot_at
        elif not self._is_in_order(reservation):
            self.behind[asked.job_id] = self._ahead_of(reservation)
        else:
            self._grant(asked.job_id, reservation, token, at=self.now)

    def turns(self) -> Turns:
        """Close the decision."""
        for job_id in self.grants:
            lease_end = self.go_at + self.limit.lease_ms
            held = self.bucket.held_by(job_id) or Token(0)
            self.bucket = self.bucket.exchanged(held, Token(lease_end + self.limit.return_ms, job_id))
        is_changed = bool(self.reservations) or self.bucket != self.before
        return Turns(
            go_at=self.go_at,
            grants=self.grants,
            delayed=self.delayed,
            behind=self.behind,
            done=frozenset(self.done),
            changed=State(self.bucket, self.reservations, self._changed_lines()) if is_changed else None,
        )

    def _changed_lines(self) -> dict[str, Line]:
        accounts = {reservation.account for reservation in self.reservations.values()}
        return {account: self.lines[account] for account in accounts}

    def _ahead_of(self, reservation: Reservation) -> int:
        return reservation.number - 1 - self.gone[reservation.account]

    def _is_in_order(self, reservation: Reservation) -> bool:
        gone = self.gone.setdefault(reservation.account, reservation.number - 1)
        patience_ms = ORDER_PATIENCE_WINDOWS * self.limit.window_ms
        return gone >= reservation.number - 1 or self.now - reservation.slot_at > patience_ms

    def _grant(self, job_id: str, reservation: Reservation, token: Token, *, at: int) -> None:
        self.bucket = self.bucket.exchanged(token, Token(at + self.limit.lease_ms + self.limit.return_ms, job_id))
        self.gone[reservation.account] = max(self.gone[reservation.account], reservation.number)
        self.go_at = max(self.go_at, at)
        self._next_return()
        self.grants[job_id] = Grant(self.bucket.free(self.now), may_be_a_repeat=token.holder == job_id)

    def _book(self, job_id: str, reservation: Reservation) -> None:
        """Keep the next token that nobody holds for a job that found none: coming late does not mean losing again."""
        token = self.bucket.earliest_unheld(self.now)
        if token is None:
            self.delayed[job_id] = self._next_return()
            return
        self._next_return()
        kept_until = token.back_at + self.limit.lease_ms
        self.bucket = self.bucket.exchanged(token, Token(kept_until + self.limit.return_ms, job_id))
        self.reservations[job_id] = replace(reservation, slot_at=token.back_at)
        self.delayed[job_id] = token.back_at

    def _next_return(self) -> int:
        """Take the next moment at which a token is likely back, always in the future."""
        expected = self.returns.pop(0) if self.returns else self.now + self.limit.spacing_ms
        return max(expected, self.now + 1)

    def _expected_back(self, token: Token) -> int:
        """Tell when a token is likely back: a job that still holds it is most likely just sending."""
        return min(token.back_at, self.now + self.limit.spacing_ms) if token.holder else token.back_at
