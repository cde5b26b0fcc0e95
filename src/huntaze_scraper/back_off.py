"""How long a job stays away before it comes back (requirements 4.5, 7.1, 9.6); the queue's redrive follows from it."""

import zlib
from collections.abc import Callable

BACK_OFF_SECONDS = 60.0
LONGEST_BACK_OFF_SECONDS = 12 * 3600.0
"""What SQS allows as a visibility timeout."""
STAND_BY_SECONDS = 5.0
LONGEST_STAND_BY_SECONDS = 900.0
"""Of what is nobody's fault: so much later at most a job goes when the trouble is over."""
SPREAD = 0.25
LONGEST_LIMIT_SECONDS = 3600.0
"""Of a limit that lasts, unless the site itself asks for more."""
REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 3600.0
REST_REMEMBERED_SECONDS = 86400.0
TAKEN_AT_ITS_WORD = 10
"""429s in a row after which a site is given more time than it asks for."""


def back_off_seconds(failures: int) -> float:
    """Return how long a job stays away after its n-th counted failure: a minute, doubled each time, up to 12 h."""
    doublings = min(failures - 1, 20)
    return min(BACK_OFF_SECONDS * 2.0**doublings, LONGEST_BACK_OFF_SECONDS)


def stand_by_seconds(receives: int) -> float:
    """Return how long a job stays away that met something of ours which does not work, and counts nothing for it.

    From 5 s, doubled with each receive, up to a quarter of an hour.
    """
    return min(STAND_BY_SECONDS * 2.0 ** min(receives - 1, 20), LONGEST_STAND_BY_SECONDS)


def spread(seconds: float, name: str) -> float:
    """Return less by up to a quarter, as the name has it: not everything is to come back at once."""
    return seconds * (1 - SPREAD * zlib.crc32(name.encode()) / 2**32)


def limit_seconds(asked: float, row: int) -> float:
    """Return how long a job stays away after its n-th 429 in a row: what the site asks, and more where that never helps.

    After the tenth at least a minute, doubled up to an hour: a limit may last for days.
    """
    doublings = row - TAKEN_AT_ITS_WORD - 1
    return (
        asked if doublings < 0 else max(asked, min(BACK_OFF_SECONDS * 2.0 ** min(doublings, 20), LONGEST_LIMIT_SECONDS))
    )


def rest_seconds(last_rest_seconds: float, since_its_end_seconds: float) -> float:
    """Return how long an account rests that cannot be signed in: a minute, doubled each time, up to an hour.

    Sites lock accounts for wrong passwords; so it grows over all of the account's jobs, however seldom they come,
    until one has succeeded (the last rest is 0 then) or a day has gone by.
    """
    if not last_rest_seconds or since_its_end_seconds > REST_REMEMBERED_SECONDS:
        return REST_SECONDS
    return min(last_rest_seconds * 2, LONGEST_REST_SECONDS)


def most_receives(away_seconds: Callable[[int], float], seconds: float) -> int:
    """Return how often a message is received within the time, being away for so long after its n-th receive."""
    receives, passed = 0, 0.0
    while passed < seconds:
        receives += 1
        passed += away_seconds(receives)
    return receives
