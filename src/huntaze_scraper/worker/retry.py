"""When to try again within one processing (requirement 7.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from huntaze_scraper.errors import ErrorClass

TIMEOUT_SECONDS = 30.0
SERVER_ERROR_WAITS_SECONDS = (1.0, 2.0, 4.0)
NETWORK_ERROR_TIMEOUTS_SECONDS = (30.0, 60.0, 120.0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How the next attempt is to be made."""

    wait_seconds: float = 0.0
    timeout_seconds: float = TIMEOUT_SECONDS
    sign_in: bool = False
    replace_browser: bool = False


def next_attempt(met: Sequence[ErrorClass]) -> Attempt | None:
    """Decide after the classes met so far in this processing, the latest last; None is to give up."""
    latest = met[-1]
    index = met.count(latest) - 1
    if latest is ErrorClass.SERVER_ERROR and index < len(SERVER_ERROR_WAITS_SECONDS):
        return Attempt(wait_seconds=SERVER_ERROR_WAITS_SECONDS[index])
    if latest is ErrorClass.NETWORK_ERROR and index < len(NETWORK_ERROR_TIMEOUTS_SECONDS):
        return Attempt(timeout_seconds=NETWORK_ERROR_TIMEOUTS_SECONDS[index])
    if latest is ErrorClass.AUTH and index < 1:
        return Attempt(sign_in=True)
    if latest is ErrorClass.UNKNOWN and index < 1:
        return Attempt(replace_browser=True)
    return None
