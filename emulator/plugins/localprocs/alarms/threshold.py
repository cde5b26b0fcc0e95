"""When a metric alarm changes its state: AWS's rules over the data points of its evaluation range, and nothing else.

The rules and their tables of cases: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class State(StrEnum):
    """What an alarm says."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class MissingData(StrEnum):
    """What a data point counts for that is not there."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What an alarm compares its data points with, and how many of them must breach."""

    comparison: str
    limit: float
    evaluation_periods: int
    datapoints_to_alarm: int
    missing_data: MissingData = MissingData.MISSING

    def is_breached_by(self, value: float) -> bool:
        """Tell whether the value breaches."""
        return COMPARISONS[self.comparison](value, self.limit)

    @property
    def evaluation_range(self) -> int:
        """How many periods are looked at, so that earlier data points can stand in for missing ones.

        AWS tells only one example (five for three); this is its smallest rule that fits.
        """
        return self.evaluation_periods + max(2, self.evaluation_periods // 3)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that follows from the data points."""

    state: State
    evaluated: tuple[int, ...]
    """The places in the range of the real data points that were weighed, newest first."""
    filled: int
    """How many missing data points were weighed with them."""
    breaching: int
    """How many of those weighed breach, missing ones treated as breaching included."""


def judge(threshold: Threshold, points: Sequence[float | None], current: State) -> Verdict:
    """Say the alarm's state after these data points.

    points: one a period of the evaluation range, oldest first; nothing where none was published.
    """
    newest_first = range(len(points) - 1, -1, -1)
    real = [(place, value) for place in newest_first if (value := points[place]) is not None]
    real = real[: threshold.evaluation_periods]
    breaching = sum(threshold.is_breached_by(value) for _, value in real)
    filled = threshold.evaluation_periods - len(real)
    if filled and threshold.missing_data is MissingData.BREACHING:
        breaching += filled
    state = State.ALARM if breaching >= threshold.datapoints_to_alarm else State.OK
    if filled and threshold.missing_data in (MissingData.MISSING, MissingData.IGNORE) and state is State.OK:
        is_missing = threshold.missing_data is MissingData.MISSING
        if not real:
            state = State.INSUFFICIENT_DATA if is_missing else current
        elif breaching == len(real):
            # Only breaching data points, too few of them: an alarm only when the oldest is old enough
            # that whatever comes next could not have made the alarm premature.
            oldest_age = len(points) - real[-1][0]
            settled = State.ALARM if oldest_age >= threshold.datapoints_to_alarm else State.INSUFFICIENT_DATA
            state = settled if is_missing else current
    return Verdict(state, tuple(place for place, _ in real), filled, breaching)
