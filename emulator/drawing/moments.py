"""Moments and durations as people read them."""

from datetime import UTC, datetime

_TELLING_SECONDS = 10.0
"""Below it a tenth of a second is worth a digit."""
_UNITS_TOLD = 2
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def clock_time(moment: float) -> str:
    """Return ``12:04:31`` (UTC); empty for a moment that is not known."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S") if moment else ""


def date_time(moment: float) -> str:
    """Return ``2026-03-01 12:04:31 UTC``; empty for a moment that is not known."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else ""


def duration(seconds: float) -> str:
    """Return ``230 ms``, ``4.2 s``, ``3 min 12 s``, ``2 h 5 min``: two units at most."""
    if seconds < 1:
        return f"{round(max(seconds, 0.0) * 1000)} ms"
    if seconds < _TELLING_SECONDS:
        return f"{seconds:.1f} s"
    whole, parts = round(seconds), list[str]()
    for size, unit in _UNITS:
        count, whole = divmod(whole, int(size))
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == _UNITS_TOLD:
            break
    return " ".join(filter(None, parts))
