"""Which capacity provider the next task goes to, and which task goes when there are too many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """One item of a capacity provider strategy: ``base`` tasks first, then in proportion to ``weight``."""

    provider: str
    weight: int = 0
    base: int = 0


@dataclass(frozen=True)
class Candidate:
    """A task that could be stopped; a higher ``sequence`` is a younger task."""

    key: str
    provider: str | None
    sequence: int
    is_running: bool = True
    is_healthy: bool = True
    is_protected: bool = False


def next_provider(strategy: Sequence[Share], counts: Mapping[str, int]) -> str | None:
    """Choose the provider of the next task; None without a strategy.

    The base is filled first; then each provider's tasks beyond its base grow in
    proportion to its weight, the heavier one first, and the earlier one where they tie.
    """
    for share in strategy:
        if counts.get(share.provider, 0) < share.base:
            return share.provider
    weighted = [share for share in strategy if share.weight > 0]
    if not weighted:
        return strategy[0].provider if strategy else None
    return min(weighted, key=lambda share: (_load(share, counts.get(share.provider, 0) + 1), -share.weight)).provider


def to_stop(candidates: Sequence[Candidate], number: int, strategy: Sequence[Share] = ()) -> list[str]:
    """Choose the tasks that go at scale-in: protected ones never, sick and unstarted ones first.

    Of the rest, the next goes from the provider that is furthest above its share, the youngest first;
    so the base stays, and the others shrink in the proportion in which they grew.
    """
    left = [each for each in candidates if not each.is_protected]
    counts: dict[str, int] = {}
    for each in candidates:
        counts[each.provider or ""] = counts.get(each.provider or "", 0) + 1
    shares = {share.provider: share for share in strategy}
    chosen: list[str] = []
    while left and len(chosen) < number:
        victim = max(
            left, key=lambda each: _fitness(each, shares.get(each.provider or ""), counts[each.provider or ""])
        )
        left.remove(victim)
        counts[victim.provider or ""] -= 1
        chosen.append(victim.key)
    return chosen


def _load(share: Share, count: int) -> float:
    """How full the provider is with so many tasks, against its weight; below its base it is empty."""
    beyond = max(0, count - share.base)
    if share.weight == 0:
        return float("inf") if beyond else 0.0
    return beyond / share.weight


def _fitness(each: Candidate, share: Share | None, count: int) -> tuple[bool, bool, float, int, int]:
    load = _load(share, count) if share else float("inf")
    return (not each.is_healthy, not each.is_running, load, -(share.weight if share else 0), each.sequence)
