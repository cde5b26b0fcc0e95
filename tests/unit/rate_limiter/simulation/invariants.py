"""What must be true of every history, apart from the machinery that makes it."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from huntaze_scraper.rate_limiter.limiter import PATIENCE_MS
from huntaze_scraper.rate_limiter.token_bucket import Limit
from huntaze_scraper.rate_limiter.turns import Line
from tests.unit.rate_limiter.simulation.queues import DEDUPLICATION_SECONDS, Forwarded

if TYPE_CHECKING:
    from tests.unit.rate_limiter.simulation.world import World


CLOCKS_MS = 4_000
"""How far two clocks' readings of a duration may lie apart."""


class Broken(AssertionError):
    """An invariant does not hold."""


def check_forwarded(messages: Sequence[Forwarded], newest: Forwarded, limit: Limit) -> None:
    """No window holds more than the capacity; enough to look back from each message as it comes."""
    window = list(takewhile(lambda it: newest.sent_at - limit.window_ms < it.sent_at, reversed(messages)))
    if len(window) > limit.capacity:
        raise Broken(f"{len(window)} messages within {limit.window_ms} ms")


def check_nothing_lost(world: "World") -> None:
    """Every valid message is forwarded; every invalid one is set aside; nothing waits."""
    forwarded = {it.job_id for it in world.workflows.messages}
    if missing := world.valid.keys() - forwarded:
        raise Broken(f"lost: {sorted(missing)}")
    if unknown := forwarded - world.valid.keys():
        raise Broken(f"from nowhere: {sorted(unknown)}")
    set_aside = Counter(body for body, _ in world.set_aside)
    if set_aside.keys() != world.invalid.keys() or world.ingress.dead:
        raise Broken(f"in the dead-letter queue: {set_aside} and {len(world.ingress.dead)} by redrive")


def check_once(world: "World", *, excused: bool) -> None:
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


def check_line(before: Line, after: Line, arrived: Collection[int], now: int, patience_ms: int) -> list[int]:
    """A line goes on without a number only after it has stood for long; return the numbers that were given up."""
    given_up = [number for number in range(before.gone + 1, after.gone + 1) if number not in arrived]
    stood_ms = now - before.moved_at
    if given_up and stood_ms < patience_ms - CLOCKS_MS:
        raise Broken(f"gave up {given_up} after {stood_ms} ms")
    return given_up


def check_order(world: "World") -> None:
    """An account's messages go in the order in which their places were taken, but for those that were given up."""
    gone: dict[str, set[int]] = defaultdict(set)
    for message in world.first_forwards():
        account, number = message.group, world.store.reservations[message.job_id].number
        missing = set(range(1, number)) - gone[account]
        if early := {it for it in missing if world.given_up.get((account, it), math.inf) > message.sent_at}:
            raise Broken(f"number {number} of {account} went before {sorted(early)}")
        gone[account].add(number)


def check_tokens(world: "World") -> None:
    """No token stays away for longer than a window, its margin and a lease, whatever became of its holder."""
    limit = world.limit
    longest_ms = limit.return_ms + limit.lease_ms + PATIENCE_MS + CLOCKS_MS
    # A token can be booked a whole return ahead, and die with the job that comes for it and the one promised it then.
    latest = int(world.now * 1000) + 2 * (limit.return_ms + limit.lease_ms) + longest_ms
    if away := [token for token in world.store.bucket.tokens if token.back_at > latest]:
        raise Broken(f"burnt: {away}")
