"""One step of a service towards what it should be: how many tasks of each deployment to start and to stop."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor

READY_AFTER_SECONDS = 40.0
"""A task without a health check counts as healthy this long after it runs (API DeploymentConfiguration)."""


@dataclass(frozen=True)
class Group:
    """A deployment's tasks that are not on their way out.

    ``target`` is how many it should have; ``starting`` are not ready yet; ``protected`` of those not sick may not be stopped.
    """

    target: int
    starting: int = 0
    ready: int = 0
    sick: int = 0
    protected: int = 0

    @property
    def fresh(self) -> int:
        """Tasks that are not sick."""
        return self.starting + self.ready

    @property
    def total(self) -> int:
        """All tasks."""
        return self.fresh + self.sick


@dataclass(frozen=True)
class Change:
    """What to do with a deployment; ``target`` is its new one."""

    target: int
    start: int = 0
    stop: int = 0
    stop_sick: int = 0


@dataclass
class _Tally:
    """What is left of the room while the step is laid out."""

    room: int
    spare: int
    changes: list[Change] = field(default_factory=list)


def bounds(desired: int, minimum_percent: int, maximum_percent: int) -> tuple[int, int]:
    """Return the fewest ready tasks and the most tasks allowed, as ECS rounds them."""
    return ceil(desired * minimum_percent / 100), floor(desired * maximum_percent / 100)


def step(desired: int, minimum_percent: int, maximum_percent: int, groups: Sequence[Group]) -> list[Change]:
    """Lay out the next step; the first group is the deployment coming in, the others are going out, oldest last.

    Old tasks go as new ones become ready; where there is no room for new ones, old ones make room, but never below
    the minimum. A deployment going out still replaces what it loses. Sick tasks go when their replacement is ready,
    or when they take the room that it needs.
    """
    lower, upper = bounds(desired, minimum_percent, maximum_percent)
    incoming, outgoing = groups[0], list(groups[1:])
    total = sum(group.total for group in groups)
    tally = _Tally(room=max(0, upper - total), spare=max(0, sum(group.ready for group in groups) - lower))
    lacking = max(0, incoming.target - incoming.fresh)
    still_needed = max(0, desired - incoming.ready)
    shortage = max(0, lacking - tally.room)
    for group in reversed(outgoing):
        tally.changes.append(_shrink(group, still_needed, shortage, tally))
        still_needed = max(0, still_needed - tally.changes[-1].target)
        shortage = max(0, shortage - tally.changes[-1].stop - tally.changes[-1].stop_sick)
    start = min(lacking, tally.room)
    surplus = min(max(0, incoming.fresh - incoming.target), incoming.fresh - incoming.protected)
    first = Change(incoming.target, start, surplus, _sick_to_stop(incoming, lacking - start))
    return [first, *reversed(tally.changes)]


def _shrink(group: Group, still_needed: int, shortage: int, tally: _Tally) -> Change:
    target = min(group.target, still_needed)
    movable = group.fresh - group.protected
    wanted = max(group.fresh - target, min(shortage, group.fresh))
    # Those that are not ready do not hold the minimum up.
    stop = min(wanted, movable, group.starting + tally.spare)
    tally.spare -= max(0, stop - group.starting)
    target = min(target, max(0, group.fresh - stop)) if stop else target
    start = min(max(0, target - group.fresh), tally.room) if not stop else 0
    tally.room -= start
    lacking = max(0, target - group.fresh) - start
    return Change(
        target,
        start,
        stop,
        _sick_to_stop(Group(target, group.starting, group.ready - stop, group.sick), lacking + shortage),
    )


def _sick_to_stop(group: Group, without_room: int) -> int:
    replaced = group.sick if group.ready >= group.target else 0
    return min(group.sick, max(replaced, without_room))
