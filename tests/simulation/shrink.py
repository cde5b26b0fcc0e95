"""A plan that breaks an invariant, made as small as it still does: fewest faults, then fewest jobs (delta debugging)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tests.simulation.plan import Plan
from tests.simulation.run import Ended, run

MOST_RUNS = 150


def shrink(ended: Ended, tell: Callable[[str], None] = lambda _: None) -> Ended:
    """Return the smallest run found that breaks the same invariant, with its lines."""
    smallest, runs = ended, 0
    is_smaller = True
    while is_smaller and runs < MOST_RUNS:
        is_smaller = False
        for plan in _smaller(smallest.plan):
            if runs == MOST_RUNS:
                break
            runs += 1
            tried = run(plan)
            if tried.invariant == ended.invariant:
                smallest, is_smaller = tried, True
                tell(f"shrinking: {len(plan.faults)} faults, {len(plan.jobs)} jobs")
                break
    return run(smallest.plan, keeps_lines=True)


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield plans that are smaller, the much smaller ones first."""
    accounts = {str(it.payload["creator_id"]) for it in plan.jobs}
    for account in sorted(accounts) if len(accounts) > 1 else ():
        others = [place for place, it in enumerate(plan.jobs) if it.payload["creator_id"] != account]
        yield plan.without(jobs=others)
    for places in _parts(len(plan.faults)):
        yield plan.without(faults=places)
    for places in _parts(len(plan.jobs)):
        if len(places) < len(plan.jobs):
            yield plan.without(jobs=places)
    if plan.tasks > 1:
        yield replace(plan, tasks=1)
    if plan.skew_seconds:
        yield replace(plan, skew_seconds=0.0)
    for place, fault in enumerate(plan.faults):
        if fault.skip:
            less = [replace(each, skip=0) if at == place else each for at, each in enumerate(plan.faults)]
            yield replace(plan, faults=less)


def _parts(count: int) -> Iterator[Sequence[int]]:
    """Yield the places to leave out: halves, then quarters, to single ones."""
    size = count
    while size >= 1:
        for start in range(0, count, size):
            yield range(start, min(start + size, count))
        size = size // 2
