"""Whose turn it is: what becomes of the messages of a batch, decided without I/O. Moments are milliseconds."""

from collections.abc import Iterable, Mapping, Sequence
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

TOGETHER_MS = 500
"""Tokens that are back within so short a time are waited for together."""

IDLE_MS = 5_000
"""Messages come back up to a second and a poll after their slots: a token that lies idle for longer was missed."""

SOONEST_MS = 1_000
"""A message is hidden for a second at least."""

OFTEN = 5
"""A message that was received so often has done its share."""


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
    """How many messages came back at their slots."""


def arrive(limit: Limit, bucket: Bucket, places: Mapping[str, Place], batch: Iterable[Asked], now: int) -> Arrived:
    """Take a batch into the line: what came for the first time joins it, and has a slot."""
    new: dict[str, Place] = {}
    woken: set[str] = set()
    done: set[str] = set()
    gone: set[str] = set()
    returned = 0
    for place_in_batch, asked in enumerate(sorted(batch, key=lambda it: it.sent_at)):
        place = places.get(asked.job_id)
        is_again = place and asked.is_replay and now - (place.forwarded_at or now) > FIFO_DEDUPLICATION_MS
        if place and place.forwarded_at is not None and not is_again:
            (gone if place.was_asleep and place.message_id == asked.message_id else done).add(asked.job_id)
        elif place and place.message_id and not is_again:
            woken.add(asked.job_id)
            returned += place.message_id == asked.message_id and place.slot_at <= now + SOONEST_MS
            # The line may have been counted in another scope when the job joined it.
            if not bucket.line.waiting(Priority(place.priority), place.account):
                bucket = replace(bucket, line=bucket.line.joined(Priority(place.priority), place.account))
        else:
            bucket, slot_at = bucket.with_slot(limit, now, now + SOONEST_MS)
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
    caught_up: int
    """How many of the turns are of slots that went by vacant."""
    looks_again: bool
    """There are more tokens than turns, now or soon: messages that came stay in hand."""


def pick(arrived: Arrived, now: int, wait_until: int) -> Picked:
    """Give each message that has come back, or whose slot is now, one turn: not its own, but the next one of the line.

    So the messages that sleep are as many as the jobs that wait, and their slots stay those of the tokens. Only a token
    that has lain idle for a while is anybody's: the message that was to come for it is late, or gone.

    For a message that came back, the invocation waits for a token, until ``wait_until`` at most: that is cheaper than
    another receive. It takes each token when it is back, for what is sent later than it could be is late each window.
    """
    bucket, returned = arrived.bucket, arrived.returned
    held = {account for account, until in bucket.held.items() if until > now}
    own = returned + sum(place.slot_at <= now for place in arrived.new.values())
    missed = bucket.missed(now)
    waits = returned + missed if returned or arrived.gone else 0
    first_at = max(now, bucket.tokens.back_at[0])
    at_hand = bucket.tokens.free(first_at + TOGETHER_MS) if first_at <= wait_until else 0
    tokens = max(bucket.tokens.free(now - IDLE_MS), min(own + missed, bucket.tokens.free(now)), min(waits, at_hand))
    wanted = min(tokens, MOST_SENT)
    turns = list(islice(bucket.line.order(held), wanted))
    is_behind = len(turns) < wanted and any(map(bucket.line.waits, held))
    is_early = len(turns) < min(waits, bucket.tokens.free(wait_until), MOST_SENT)
    go_at = max(now, bucket.tokens.back_at[len(turns) - 1]) if turns else now
    return Picked(turns, go_at, min(missed, max(0, len(turns) - own)), is_behind or is_early)


def corrected(line: Line, turn: Next, found: int) -> Line:
    """Have the line count no more jobs than there are."""
    for _ in range(line.waiting(*turn) - found):
        line = line.left(*turn)
    return line


def wakings(
    limit: Limit, bucket: Bucket, received: Sequence[int], went: int, now: int, *, stay: bool
) -> tuple[Bucket, list[int]]:
    """Tell when messages come back that were woken, and whose own jobs wait on.

    Those that woke for others' jobs come at the slots of these, and so each slot wakes one message. One that was
    received often already comes behind all others. Who found no token comes when one does, if that is soon; else, for
    all tokens have their messages, at a vacant slot or a new one, and not in vain each window.

    Args:
        limit: the limit.
        bucket: the bucket, with the slots of the jobs that went.
        received: how often each message was.
        went: how many others' jobs went for them.
        now: the moment.
        stay: whether those that found no token, or nobody's turn, stay in hand.
    """
    soonest, soon = now + SOONEST_MS, now + limit.window_ms // 2
    moments = []
    for place, count in enumerate(received):
        token_at = bucket.tokens.back_at[min(place, len(bucket.tokens.back_at) - 1)]
        if place < went and count < OFTEN:
            bucket, moment = bucket.with_slot(limit, soonest, 0)
        elif place >= went and stay:
            moment = now
        elif place >= went and token_at < soon:
            moment = max(token_at, soonest)
        elif count < OFTEN:
            bucket, moment = bucket.with_slot(limit, soonest, soonest)
        else:
            bucket, moment = bucket.with_new_slot(limit, soonest)
        moments.append(moment)
    return bucket, moments
