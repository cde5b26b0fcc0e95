"""The item of an account that rests, ``pause#<account>``: ``until`` (seconds since the epoch), ``reason``.

``rest_seconds`` and ``rest_until`` are of the last rest after a refused log-in, until a job succeeds again.
"""

from collections.abc import Mapping
from typing import Any


def until(item: Mapping[str, Any]) -> float:
    """Return when the account may be worked for again; 0 where it never rested."""
    return float(item.get("until", 0))
