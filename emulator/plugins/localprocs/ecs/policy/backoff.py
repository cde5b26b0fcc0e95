"""How long a service waits before it starts a task again."""

FIRST_RETRY_SECONDS = 10.0
LONGEST_RETRY_SECONDS = 27 * 60.0
"""AWS: tasks that never reach RUNNING are retried more and more seldom, up to 27 minutes (service throttle logic)."""
LONGEST_RESTART_SECONDS = 60.0
SHORT_LIFE_SECONDS = 60.0
THROTTLED_AFTER = 3


def delay_seconds(failed_starts: int, short_lives: int) -> float:
    """Return the wait before the next start, from the failures in a row.

    A task that never reached RUNNING doubles the wait from 10 s. One that ran and soon
    ended is replaced at once, then after 1, 2, 4 … 60 s: AWS does not throttle those, but
    Fargate takes the better part of a minute to start a task, and a process takes milliseconds.
    """
    retry = min(FIRST_RETRY_SECONDS * 2 ** (failed_starts - 1), LONGEST_RETRY_SECONDS) if failed_starts else 0.0
    restart = min(2.0 ** (short_lives - 2), LONGEST_RESTART_SECONDS) if short_lives > 1 else 0.0
    return max(retry, restart)


def is_throttled(failed_starts: int) -> bool:
    """Whether the service says that it cannot consistently start tasks."""
    return failed_starts >= THROTTLED_AFTER
