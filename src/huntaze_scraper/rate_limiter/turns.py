"""Whose turn it is: what becomes of each job of a batch, decided as a whole and without I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS
from huntaze_scraper.rate_limiter.token_bucket import Bucket, Limit, Token
from huntaze_scraper.state.slot import Reservation

STUCK_MS = 30_000
"""A line that has stood for so long, although a job is due, is noted as stuck."""

ORDER_PATIENCE_MS = 300_000
"""A line that has been stuck for so long goes on without the job that holds it up."""

EARLY_MS = 3_000
"""How long before its token a late message comes back, to wait for it in the invocation."""


@dataclass(frozen=True, slots=True)
class Line:
    """An account's jobs in the order in which they were reserved: the last number given, the last that has gone."""

    last: int = 0
    gone: int = 0
    last_slot: int = 0
    """The slot that was given last, ms."""
    moved_at: int = 0
    """When one of them has gone last, ms."""
    stuck_at: int = 0
    """When the line was noted as stuck, ms; of no meaning once it has moved."""


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
    """Note what became of granted jobs: sent at that moment at the latest, or certainly not, now or before."""
    bucket, lines = state.bucket, dict(state.lines)
    reservations: dict[str, Reservation] = {}
    for job_id, sent_at in sent.items():
        reservation = state.reservations[job_id]
        if reservation.forwarded_at is None or bucket.held_by(job_id):
            bucket = bucket.spent(limit, job_id, sent_at)
        gone = reservations[job_id] = replace(reservation, forwarded_at=sent_at)
        line = lines.get(gone.account, Line(last=gone.number))
        lines[gone.account] = replace(line, gone=max(line.gone, gone.number), moved_at=max(line.moved_at, sent_at))
    touched = {reservation.account for reservation in reservations.values()}
    for job_id in unsent:
        bucket = bucket.returned(limit, job_id)
        reservations[job_id] = replace(state.reservations[job_id], granted_at=None)
    return State(bucket, reservations, {account: lines[account] for account in touched})


class _Decision:
    """A decision in the making: each job takes from what the ones before it left."""

    def __init__(self, limit: Limit, state: State, now: int, wait_until: int) -> None:
        self.limit, self.now, self.wait_until = limit, now, wait_until
        self.before = state.bucket.resized(limit.capacity)
        self.bucket = self.before.up_to_date(limit, now)
        self.lines = dict(state.lines)
        self.gone = {account: line.gone for account, line in state.lines.items()}
        self.reservations: dict[str, Reservation] = {}
        self.grants: dict[str, Grant] = {}
        self.delayed: dict[str, int] = {}
        self.behind: dict[str, int] = {}
        self.done: set[str] = set()
        self.touched: set[str] = set()
        """Accounts whose lines changed."""
        self.go_at = now
        self.turned_away = 0

    def is_sent_again(self, asked: Asked, reservation: Reservation) -> bool:
        """Tell a replay on purpose from a copy: the queue itself would not take it again any earlier."""
        forwarded_at = reservation.forwarded_at
        return asked.is_replay and forwarded_at is not None and self.now - forwarded_at > FIFO_DEDUPLICATION_MS

    def come_back(self, job_id: str, reservation: Reservation) -> None:
        """Give a job with a slot its turn, or the time of it."""
        own = self.bucket.held_by(job_id)
        at = max(self.now, reservation.slot_at, own.held_from if own else 0)
        if at > self.wait_until and at == reservation.slot_at:
            self.delayed[job_id] = at
        elif at > self.wait_until:
            self._come_early(job_id, at)
        elif not self._is_in_order(reservation):
            self.behind[job_id] = self._ahead_of(reservation)
        elif own:
            self._grant(job_id, reservation, own, at=at)
        else:
            # What may be on the queue already has to be sent again while the queue would still know it.
            is_urgent = reservation.granted_at is not None
            token = self.bucket.first(is_urgent=is_urgent)
            usable_at = token.usable_at(is_urgent=is_urgent)
            if usable_at <= self.wait_until:
                self._grant(job_id, reservation, token, at=max(at, int(usable_at)))
            else:
                self._book(job_id, is_urgent=is_urgent)

    def come_first(self, asked: Asked) -> None:
        """Give a new job its place and, where a token is there, its turn."""
        line = self.lines.get(asked.account, Line())
        # Each slot that lies ahead takes a token; tokens that went late come back later than their slots say.
        ahead = sum(slot_at > self.now for slot_at in self.bucket.slots)
        slot_at = max(self.bucket.next_slot(self.limit, self.now), self._expected_return(ahead))
        if self.gone.get(asked.account, line.gone) < line.last and line.last_slot > self.now:
            slot_at = max(slot_at, line.last_slot + self.limit.step_ms)
        token = self.bucket.first()
        # A slot no further off than clocks may differ was given by a clock that is ahead.
        is_due = slot_at <= self.now + self.limit.clock_skew_ms and token.back_at <= self.now
        self.bucket = self.bucket.with_slot(slot_at)
        self.touched.add(asked.account)
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
            if held := self.bucket.held_by(job_id):
                self._hold(held, job_id, self.go_at)
        lines = {account: self.lines[account] for account in self.touched}
        is_changed = bool(self.reservations or lines) or self.bucket != self.before
        return Turns(
            go_at=self.go_at,
            grants=self.grants,
            delayed=self.delayed,
            behind=self.behind,
            done=frozenset(self.done),
            changed=State(self.bucket, self.reservations, lines) if is_changed else None,
        )

    def _ahead_of(self, reservation: Reservation) -> int:
        return reservation.number - 1 - self.gone[reservation.account]

    def _is_in_order(self, reservation: Reservation) -> bool:
        account, before = reservation.account, reservation.number - 1
        if self.gone.setdefault(account, before) >= before:
            return True
        line = self.lines[account]
        is_stuck = line.stuck_at > line.moved_at
        since = line.stuck_at if is_stuck else max(reservation.slot_at, line.moved_at)
        if self.now - since <= (ORDER_PATIENCE_MS if is_stuck else STUCK_MS):
            return False
        # Stuck from now on; or given up on what is missing, and the next of the line has its own time to be waited for.
        self.gone[account] = before if is_stuck else line.gone
        self.lines[account] = replace(line, stuck_at=self.now, gone=self.gone[account])
        self.touched.add(account)
        return is_stuck

    def _grant(self, job_id: str, reservation: Reservation, token: Token, *, at: int) -> None:
        if promised := self.bucket.promised_to(job_id):
            token = self._exchange(promised, replace(promised, next_holder=None), token)
        self._hold(token, job_id, at)
        self.gone[reservation.account] = max(self.gone[reservation.account], reservation.number)
        self.go_at = max(self.go_at, at)
        self.reservations[job_id] = replace(reservation, granted_at=reservation.granted_at or at)
        self.grants[job_id] = Grant(self.bucket.free(self.now), may_be_a_repeat=reservation.granted_at is not None)

    def _book(self, job_id: str, *, is_urgent: bool) -> None:
        """Keep the next token for a job that found none: coming late does not mean losing again."""
        if promised := self.bucket.promised_to(job_id):
            self._come_early(job_id, replace(promised, next_holder=None).expected_at(self.limit, self.now))
            return
        token = self.bucket.first_to_book(self.limit, self.now, is_urgent=is_urgent)
        if token is None:
            self._come_early(job_id, self._expected_return(self.turned_away))
            self.turned_away += 1
            return
        is_held = token.holder is not None and token.back_at > self.now
        if is_held and not (is_urgent and token.gives_way):
            self.bucket = self.bucket.exchanged(token, replace(token, next_holder=job_id))
            self._come_early(job_id, token.expected_at(self.limit, self.now))
        else:
            usable_at = token.held_from if is_held else token.back_at
            self._hold(token, job_id, usable_at, gives_way=not is_urgent)
            self._come_early(job_id, usable_at)

    def _exchange(self, old: Token, new: Token, wanted: Token) -> Token:
        """Exchange a token, and return the wanted one as it is then."""
        self.bucket = self.bucket.exchanged(old, new)
        return new if wanted == old else wanted

    def _come_early(self, job_id: str, at: int) -> None:
        """Let a job come back a little before its token, so that the token is not late once more."""
        self.delayed[job_id] = max(at - EARLY_MS, self.now + 1)

    def _hold(self, token: Token, job_id: str, at: int, *, gives_way: bool = False) -> None:
        """Let the job hold the token from that moment, for its lease."""
        back_at = at + self.limit.lease_ms + self.limit.return_ms
        self.bucket = self.bucket.exchanged(token, Token(back_at, job_id, at, gives_way, token.next_holder))

    def _expected_return(self, place: int) -> int:
        """Tell when the token at that place, of those that come back, is likely there; 0 beyond the last place."""
        expected = sorted(it.expected_at(self.limit, self.now) for it in self.bucket.tokens)
        return expected[place] if place < len(expected) else 0
