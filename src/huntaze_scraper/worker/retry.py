"""When to try again within one processing, and how long a failed job stays away (requirements 7.2, 4.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from huntaze_scraper.errors import ErrorClass

TIMEOUT_SECONDS = 30.0
SERVER_ERROR_WAITS_SECONDS = (1.0, 2.0, 4.0)
NETWORK_ERROR_TIMEOUTS_SECONDS = (30.0, 60.0, 120.0)
BACK_OFF_SECONDS = 60.0
LONGEST_BACK_OFF_SECONDS = 12 * 3600.0
"""What SQS allows as a visibility timeout."""
REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 3600.0
REST_REMEMBERED_SECONDS = 86400.0


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


def back_off_seconds(failures: int) -> float:
    """Return how long a job stays away after its n-th counted failure: a minute, doubled each time, up to 12 h."""
    doublings = min(failures - 1, 20)
    return min(BACK_OFF_SECONDS * 2.0**doublings, LONGEST_BACK_OFF_SECONDS)


def rest_seconds(last_rest_seconds: float, since_its_end_seconds: float) -> float:
    """Return how long an account rests that cannot be signed in: a minute, doubled each time, up to an hour.

    Sites lock accounts for wrong passwords; so it grows over all of the account's jobs, however seldom they come,
    until one has succeeded (the last rest is 0 then) or a day has gone by.
    """
    if not last_rest_seconds or since_its_end_seconds > REST_REMEMBERED_SECONDS:
        return REST_SECONDS
    return min(last_rest_seconds * 2, LONGEST_REST_SECONDS)
