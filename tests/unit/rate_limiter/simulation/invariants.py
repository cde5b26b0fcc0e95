"""What must be true of every history, apart from the machinery that makes it."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from huntaze_scraper.rate_limiter.bucket import Limit
from huntaze_scraper.rate_limiter.dispatch import PATIENCE_MS
from tests.unit.rate_limiter.simulation.ground import Ground
from tests.unit.rate_limiter.simulation.queues import DEDUPLICATION_SECONDS, Forwarded

CLOCKS_MS = 4_000
"""How far two clocks' readings of a duration may lie apart."""


class Broken(AssertionError):
    """An invariant does not hold."""


def check_forwarded(messages: Sequence[Forwarded], newest: Forwarded, limit: Limit, *, by_account: bool) -> None:
    """No window holds more than the capacity; enough to look back from each message as it comes."""
    window = list(takewhile(lambda it: newest.sent_at - limit.window_ms < it.sent_at, reversed(messages)))
    if by_account:
        window = [it for it in window if it.group == newest.group]
    if len(window) > limit.capacity:
        raise Broken(f"{len(window)} messages within {limit.window_ms} ms")


def check_nothing_lost(world: Ground) -> None:
    """Every valid message is forwarded; every invalid one is set aside; nothing waits."""
    forwarded = {it.job_id for it in world.workflows.messages}
    if missing := world.valid.keys() - forwarded:
        raise Broken(f"lost: {sorted(missing)}")
    if unknown := forwarded - world.valid.keys():
        raise Broken(f"from nowhere: {sorted(unknown)}")
    set_aside = Counter(body for body, _ in world.set_aside)
    if set_aside.keys() != world.invalid.keys() or world.ingress.dead:
        raise Broken(f"in the dead-letter queue: {set_aside} and {len(world.ingress.dead)} by redrive")


def check_once(world: Ground, *, excused: bool) -> None:
    """Each content is forwarded once.

    Excused is a content whose forwarding could not be noted, by a fault, nor
    repeated, by another that hit it or what goes before it, within the time for
    which the queue itself knows it.
    """
    seen: dict[str, Forwarded] = {}
    for message in world.workflows.messages:
        first = seen.setdefault(message.job_id, message)
        if first is message:
            continue
        apart = (message.sent_at - first.sent_at) / 1000
        faults = sum(
            first.sent_at / 1000 - 30 <= moment <= message.sent_at / 1000
            for message_id in world.messages_for(message.group)
            for moment in world.faults[message_id]
        )
        if not (excused and apart >= DEDUPLICATION_SECONDS and faults >= 2):
            raise Broken(f"{message.job_id} twice, {apart} s apart, after {faults} faults")
        seen[message.job_id] = message


def check_as_sent(world: Ground, message: Forwarded) -> None:
    """None of the account's jobs of that priority that stood in the line when it was let go was sent earlier."""
    let_go = world.granted_at.get(message.group, 0.0)
    for it in world.store.line[world.turns[message.job_id]].values():
        if it.arrival.sent_at < world.sent_at[message.job_id] and world.joined_at[it.job.job_id] < let_go:
            gone = {each.job_id for each in world.workflows.messages}
            if it.job.job_id not in gone:
                raise Broken(f"{message.job_id} went before {it.job.job_id}, which waited and was sent earlier")


def check_line_is_empty(world: Ground) -> None:
    """Nothing is left behind in the line, nor in its count."""
    if left := world.store.waiting:
        raise Broken(f"left in the line: {[it.job.job_id for it in left]}")


def check_tokens(world: Ground) -> None:
    """No token stays away for longer than a window, its margin and a lease, whatever became of who took it."""
    limit = world.limit
    latest = int(world.now * 1000) + limit.return_ms + limit.lease_ms + PATIENCE_MS + CLOCKS_MS
    for bucket in world.store.buckets.values():
        if away := [moment for moment in bucket.tokens.back_at if moment > latest]:
            raise Broken(f"burnt: {away}")
