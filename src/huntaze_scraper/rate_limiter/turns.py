"""Whose turn it is: what becomes of the messages of a batch, decided without I/O. Moments are milliseconds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.line import Line, Next
from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS
from huntaze_scraper.rate_limiter.bucket import Bucket, Limit
from huntaze_scraper.state.slot import Place

MOST_SENT = 10
"""Jobs that one invocation sends at once at most: as many as come in one batch."""

NUMBERS_A_BATCH = 16
"""More than a batch has messages."""

IDLE_MS = 5_000
"""Messages come back up to a second and a poll after their slots: a token that lies idle for longer was missed."""

SOONEST_MS = 1_000
"""A message is hidden for a second at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A job whose message came."""

    job_id: str
    account: str
    priority: Priority
    sent_at: int
    """SentTimestamp on the ingress queue, ms."""
    message_id: str
    is_replay: bool = False
    """Sent again on purpose: that it was forwarded before does not make it a copy."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The batch, taken into the line."""

    bucket: Bucket
    new: Mapping[str, Place]
    """The places of jobs that came for the first time, by job id, in the order in which they were sent."""
    woken: frozenset[str]
    """Jobs that have a place, and whose message came back."""
    done: frozenset[str]
    """Forwarded before: a copy, or a message whose deletion got lost."""
    gone: frozenset[str]
    """Forwarded while their messages slept."""
    returned: int
    """How many messages came back, whatever has become of their jobs."""


def arrive(limit: Limit, bucket: Bucket, places: Mapping[str, Place], batch: Iterable[Asked], now: int) -> Arrived:
    """Take a batch into the line: what came for the first time joins it, and has a slot."""
    new: dict[str, Place] = {}
    woken: set[str] = set()
    done: set[str] = set()
    gone: set[str] = set()
    returned = 0
    for place_in_batch, asked in enumerate(sorted(batch, key=lambda it: it.sent_at)):
        place = places.get(asked.job_id)
        returned += place is not None and place.message_id == asked.message_id
        is_again = place and asked.is_replay and now - (place.forwarded_at or now) > FIFO_DEDUPLICATION_MS
        if place and place.forwarded_at is not None and not is_again:
            (gone if place.was_asleep and place.message_id == asked.message_id else done).add(asked.job_id)
        elif place and place.message_id and not is_again:
            woken.add(asked.job_id)
            # The line may have been counted in another scope when the job joined it.
            if not bucket.line.waiting(Priority(place.priority), place.account):
                bucket = replace(bucket, line=bucket.line.joined(Priority(place.priority), place.account))
        else:
            bucket, slot_at = bucket.with_slot(limit, now)
            bucket = replace(bucket, line=bucket.line.joined(asked.priority, asked.account))
            number = bucket.version * NUMBERS_A_BATCH + place_in_batch
            new[asked.job_id] = Place(asked.account, slot_at, number, asked.priority, asked.sent_at, asked.message_id)
    return Arrived(bucket, new, frozenset(woken), frozenset(done), frozenset(gone), returned)


@dataclass(frozen=True, slots=True)
class Picked:
    """Whose turns are now."""

    turns: Sequence[Next]
    go_at: int
    """When they may be sent: now, or as soon as the last of their tokens is back."""
    is_behind: bool
    """There are more tokens than turns: only accounts wait still of which somebody is sending."""


def pick(arrived: Arrived, now: int, wait_until: int) -> Picked:
    """Give each message that has come back, or whose slot is now, one turn: not its own, but the next one of the line.

    So the messages that sleep are as many as the jobs that wait, and their slots stay those of the tokens. Only a token
    that has lain idle for a while is anybody's: the message that was to come for it is late, or gone.

    For a message that came back, the invocation waits for a token, until ``wait_until`` at most: that is cheaper than
    another receive.
    """
    bucket, returned = arrived.bucket, arrived.returned
    held = {account for account, until in bucket.held.items() if until > now}
    due = returned + sum(place.slot_at <= now for place in arrived.new.values())
    free = bucket.tokens.free(now)
    tokens = max(bucket.tokens.free(now - IDLE_MS), min(due, free), min(returned, bucket.tokens.free(wait_until)))
    wanted = min(tokens, MOST_SENT)
    turns = list(islice(bucket.line.order(held), wanted))
    is_behind = len(turns) < wanted and any(map(bucket.line.waits, held))
    return Picked(turns, max(now, bucket.tokens.back_at[len(turns) - 1]) if turns else now, is_behind)


def corrected(line: Line, turn: Next, found: int) -> Line:
    """Have the line count no more jobs than there are."""
    for _ in range(line.waiting(*turn) - found):
        line = line.left(*turn)
    return line


def wakings(bucket: Bucket, count: int, freed: Collection[int], now: int) -> list[int]:
    """Tell when messages come back that were woken for another's turn.

    They take over the slots of those that went before their messages came back; else they come when a token does.
    """
    slots = sorted(it for it in freed if it > now + SOONEST_MS)[:count]
    tokens = bucket.tokens.back_at
    return slots + [max(now + SOONEST_MS, tokens[min(place, len(tokens) - 1)]) for place in range(count - len(slots))]
