"""How many tasks there should be: target tracking and step scaling, as pure functions of state, metric and time.

The rules: Application Auto Scaling User Guide, "How target tracking scaling works", "Step scaling policies".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

GENTLE_SHARE = 10
"""One scale-in takes away at most one task in so many, and one at least.

AWS says only that it scales in "more gradually"; users see small services shrink task by task.
"""


class Reason(StrEnum):
    """Why nothing is done, in the words of DescribeScalingActivities where AWS has one."""

    AT_MAXIMUM = "AlreadyAtMaxCapacity"
    AT_MINIMUM = "AlreadyAtMinCapacity"
    AT_DESIRED = "AlreadyAtDesiredCapacity"
    UNSCALABLE = "TargetServicePutResourceAsUnscalable"
    COOLDOWN = "Cooldown"
    SUSPENDED = "Suspended"
    DISABLED = "ScaleInDisabled"
    NO_DATA = "InsufficientData"
    NO_STEP = "NoStepForMetric"
    OTHERS_NOT_READY = "OtherPoliciesNotReady"


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many tasks are wanted now, and the bounds."""

    current: int
    minimum: int
    maximum: int

    def bounded(self, wanted: int) -> int:
        """Return the number within the bounds."""
        return max(self.minimum, min(self.maximum, wanted))


@dataclass(frozen=True, slots=True)
class Scaling:
    """A change of the capacity that a policy made."""

    at: float
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Past:
    """The latest changes of each direction."""

    out: Scaling | None = None
    inward: Scaling | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """Set the capacity."""

    to: int


@dataclass(frozen=True, slots=True)
class Stay:
    """Do nothing."""

    reason: Reason


type Decision = Scale | Stay


@dataclass(frozen=True, slots=True)
class Tracking:
    """A target tracking policy."""

    target: float
    scale_out_cooldown: float
    scale_in_cooldown: float
    is_scale_in_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An adjustment for a stretch of the metric, in distances from the alarm's threshold."""

    adjustment: int
    lower: float | None = None
    upper: float | None = None

    def covers(self, distance: float) -> bool:
        """Tell whether the distance lies in this step: each step's end nearer to the threshold belongs to it."""
        lower = -math.inf if self.lower is None else self.lower
        upper = math.inf if self.upper is None else self.upper
        return lower <= distance < upper if distance >= 0 else lower < distance <= upper


@dataclass(frozen=True, slots=True)
class Stepping:
    """A step scaling policy."""

    adjustment_type: Literal["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"]
    steps: Sequence[Step]
    cooldown: float
    minimum_magnitude: int = 0


def track_out(policy: Tracking, capacity: Capacity, value: float | None, past: Past, now: float) -> Decision:
    """Decide when the metric has been above the target: in proportion, at once, as far as the maximum."""
    if value is None:
        return Stay(Reason.NO_DATA)
    base = _base(capacity, past, policy.scale_out_cooldown, now)
    return _outward(capacity, math.ceil(_whole(base * value / policy.target)), is_cooling=base != capacity.current)


def track_in(policy: Tracking, capacity: Capacity, value: float | None, past: Past, now: float) -> Decision:
    """Decide when the metric has long been well below the target: gently, and never within the cooldown."""
    if policy.is_scale_in_disabled:
        return Stay(Reason.DISABLED)
    if value is None:
        return Stay(Reason.NO_DATA)
    if _is_cooling_in(past, policy.scale_in_cooldown, now):
        return Stay(Reason.COOLDOWN)
    wanted = math.ceil(_whole(capacity.current * value / policy.target))
    return _inward(capacity, max(wanted, capacity.current - max(1, capacity.current // GENTLE_SHARE)))


def step(policy: Stepping, capacity: Capacity, distance: float | None, past: Past, now: float) -> Decision:
    """Decide by the step that the metric's distance from the alarm's threshold falls into."""
    if distance is None:
        return Stay(Reason.NO_DATA)
    found = next((each for each in policy.steps if each.covers(distance)), None)
    if found is None:
        return Stay(Reason.NO_STEP)
    wanted = _adjusted(policy, capacity.current, found.adjustment)
    if wanted < capacity.current:
        if _is_cooling_in(past, policy.cooldown, now):
            return Stay(Reason.COOLDOWN)
        return _inward(capacity, wanted)
    base = _base(capacity, past, policy.cooldown, now)
    return _outward(capacity, _adjusted(policy, base, found.adjustment), is_cooling=base != capacity.current)


def _base(capacity: Capacity, past: Past, cooldown: float, now: float) -> int:
    """Return the capacity that the metric still speaks of.

    While the last scale-out cools down that is the one before it: what it added already counts towards the next.
    """
    if past.out is None or now - past.out.at >= cooldown or capacity.current < past.out.after:
        return capacity.current
    return past.out.before


def _is_cooling_in(past: Past, cooldown: float, now: float) -> bool:
    """Tell whether the last scale-in still blocks the next; a scale-out since then has ended its cooldown."""
    if past.inward is None or (past.out is not None and past.out.at > past.inward.at):
        return False
    return now - past.inward.at < cooldown


def _outward(capacity: Capacity, wanted: int, *, is_cooling: bool) -> Decision:
    bounded = min(capacity.maximum, wanted)
    if max(bounded, capacity.minimum) > capacity.current:
        return Scale(capacity.bounded(bounded))
    if wanted > capacity.current:
        return Stay(Reason.AT_MAXIMUM)
    return Stay(Reason.COOLDOWN if is_cooling else Reason.AT_DESIRED)


def _inward(capacity: Capacity, wanted: int) -> Decision:
    bounded = max(capacity.minimum, wanted)
    if min(bounded, capacity.maximum) < capacity.current:
        return Scale(capacity.bounded(bounded))
    return Stay(Reason.AT_MINIMUM if wanted < capacity.current else Reason.AT_DESIRED)


def _adjusted(policy: Stepping, base: int, adjustment: int) -> int:
    match policy.adjustment_type:
        case "ExactCapacity":
            return adjustment
        case "ChangeInCapacity":
            return base + adjustment
    change = base * adjustment / 100
    # Toward zero, but never less than one task.
    rounded = int(change) if abs(change) >= 1 else int(math.copysign(1, change)) if change else 0
    if rounded:
        rounded = int(math.copysign(max(abs(rounded), policy.minimum_magnitude), rounded))
    return base + rounded


def _whole(number: float) -> float:
    """Take out what floating point added, so that 3.0000000000000004 tasks are 3."""
    return round(number, 9)
