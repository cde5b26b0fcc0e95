"""Moments as operators write them: ISO 8601, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from huntaze_scraper.operations.errors import TellOperator

_AGO = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse(text: str, now: datetime) -> datetime:
    """Read ``2026-03-01T12:00:00Z`` (UTC where no zone is told) or ``90m``: s, m, h or d before now.

    Raises:
        TellOperator: it is neither, or before all time.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise TellOperator(f"{text!r} is no time: write 2026-03-01T12:00:00Z, or 90m for 90 minutes ago") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
