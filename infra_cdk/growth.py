"""What follows from the number of accounts, where each has a limit of its own: derived, not guessed (docs/scaling.md)."""

import math
from dataclasses import dataclass

from huntaze_scraper.queues.limits import MAX_ENTRIES
from huntaze_scraper.settings import PIPELINE, WorkerSettings

RECEIVES_A_JOB = 2
"""At the limiter, whatever the burst."""
INVOCATIONS_A_JOB = RECEIVES_A_JOB / MAX_ENTRIES
"""Where many accounts send, batches are full."""
INVOCATION_SECONDS = 2.0
"""A full batch of ten accounts: a transaction read, one or two written, one call to each queue for each of them, 60 ms
together, and what it waits for tokens."""
ATTEMPT_SECONDS = 3.0
"""A job at the site, with a log-in now and then."""

LEAST_CONCURRENCY, MOST_CONCURRENCY = 2, 1000
"""What a mapping takes (AWS Lambda Developer Guide, "Scaling SQS event source mappings")."""
LEAST_TASKS, MOST_TASKS = 10, 5000
"""The plan's (requirement 3.2), and ECS's quota of tasks a service."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How much of what there is to be."""

    limiter_concurrency: int
    """Invocations of the limiter at once."""
    max_tasks: int
    is_high_throughput: bool
    """Whether the FIFO queue is to take more than 300 calls a second: deduplication is by group then, and our ids name
    the account, too."""


def growth(scope: str, accounts: int, capacity: int, window_seconds: float) -> Growth:
    """Derive it from the limit; in scope ``pipeline`` the accounts share one, and their number plays no part."""
    if scope == PIPELINE:
        return Growth(LEAST_CONCURRENCY, LEAST_TASKS, is_high_throughput=False)
    jobs_a_second = accounts * capacity / window_seconds
    invocations = jobs_a_second * INVOCATIONS_A_JOB * INVOCATION_SECONDS
    tasks = jobs_a_second * ATTEMPT_SECONDS / WorkerSettings.pages
    return Growth(
        limiter_concurrency=min(max(math.ceil(invocations), LEAST_CONCURRENCY), MOST_CONCURRENCY),
        max_tasks=min(max(math.ceil(tasks), LEAST_TASKS), MOST_TASKS),
        is_high_throughput=True,
    )
