"""Which queues are active: SQS publishes metrics of those that hold messages or were used in the last six hours."""

import threading
import time

ACTIVE_SECONDS = 6 * 3600


class Activity:
    """When each queue was last used, by ARN."""

    def __init__(self) -> None:
        """Make one that knows no queue."""
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, arn: str) -> None:
        """Remember that an API call used the queue now."""
        with self._lock:
            self._used[arn] = time.time()

    def is_active(self, arn: str, at: float, messages: int) -> bool:
        """Tell whether the queue's metrics are published; a queue never seen counts as used when first asked about."""
        with self._lock:
            last = self._used.setdefault(arn, at)
            if messages:
                last = self._used[arn] = max(last, at)
        return at - last < ACTIVE_SECONDS


ACTIVITY = Activity()
"""The one of this process."""
