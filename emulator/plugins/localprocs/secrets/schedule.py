"""When a secret is due, by its rotation rules."""

import re
from collections.abc import Mapping
from typing import Any

DAY = 86_400
UNITS = {"hour": 3600, "hours": 3600, "day": DAY, "days": DAY}
_RATE = re.compile(r"rate\((\d+) (hours?|days?)\)")


class UnknownSchedule(ValueError):
    """The rules say when in a way that is not understood here."""


def period_seconds(rules: Mapping[str, Any]) -> int:
    """Return the time between rotations.

    Raises:
        UnknownSchedule: neither days nor a ``rate`` expression, or out of AWS's range (4 hours to 1000 days).
    """
    if "AutomaticallyAfterDays" in rules:
        seconds = int(rules["AutomaticallyAfterDays"]) * DAY
    elif found := _RATE.fullmatch(rules.get("ScheduleExpression", "")):
        seconds = int(found[1]) * UNITS[found[2]]
    else:
        raise UnknownSchedule("RotationRules need AutomaticallyAfterDays or a rate() expression")
    if not 4 * 3600 <= seconds <= 1000 * DAY:
        raise UnknownSchedule("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    return seconds
