"""When a composite alarm's actions wait because another alarm, its suppressor, says so.

CloudWatch User Guide, "Suppressing composite alarm actions": a change's actions are kept back while the suppressor is
in ALARM, while it may still get there (wait period), and for a while after it left (extension period).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localprocs.alarms.configuration import PREVIOUS_STATE
from localprocs.alarms.threshold import State


@dataclass(frozen=True, slots=True)
class Hold:
    """Actions that are kept back."""

    reason: str
    """As DescribeAlarms has it: Alarm, WaitPeriod, ExtensionPeriod."""
    until: float | None
    """When they are taken, or nothing while the suppressor is in ALARM."""


def begin(alarm: Mapping[str, Any], suppressor: Mapping[str, Any], now: float) -> Hold | None:
    """Say whether the actions of a change that happens now are kept back."""
    if suppressor["StateValue"] == State.ALARM:
        return Hold("Alarm", None)
    left = suppressor["StateTransitionedTimestamp"].timestamp() + float(
        alarm.get("ActionsSuppressorExtensionPeriod") or 0
    )
    if suppressor.get(PREVIOUS_STATE) == State.ALARM and now < left:
        return Hold("ExtensionPeriod", left)
    wait = float(alarm.get("ActionsSuppressorWaitPeriod") or 0)
    return Hold("WaitPeriod", now + wait) if wait else None


def go_on(hold: Hold, alarm: Mapping[str, Any], suppressor: Mapping[str, Any], now: float) -> Hold | None:
    """Say whether actions kept back still are; nothing when they are to be taken."""
    if suppressor["StateValue"] == State.ALARM:
        return Hold("Alarm", None)
    if hold.until is None:
        hold = Hold("ExtensionPeriod", now + float(alarm.get("ActionsSuppressorExtensionPeriod") or 0))
    return hold if hold.until is not None and now < hold.until else None
