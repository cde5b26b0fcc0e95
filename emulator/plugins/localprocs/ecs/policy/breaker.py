"""When a deployment has failed."""

from math import ceil

LEAST = 3
MOST = 200


def threshold(desired: int) -> int:
    """Return how many tasks in a row may fail: half the desired count, within 3 and 200 (deployment circuit breaker)."""
    return min(max(ceil(desired / 2), LEAST), MOST)


def has_tripped(failed_tasks: int, desired: int) -> bool:
    """Whether a deployment with so many failed tasks in a row is given up."""
    return failed_tasks >= threshold(desired)
