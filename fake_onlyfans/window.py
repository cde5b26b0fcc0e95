"""The site's own limit: so many requests an account in any window."""

from collections import defaultdict, deque
from typing import Any

from fake_onlyfans.faults.rule import Match


class Limit:
    """A sliding window an account; a request that is refused is not counted."""

    def __init__(self, requests: int, per_seconds: float, match: Match) -> None:
        """Allow so many requests in any window of ``per_seconds``; only what matches counts."""
        self.requests = requests
        self.per_seconds = per_seconds
        self.match = match
        self._taken: dict[str, deque[float]] = defaultdict(deque)

    def take(self, account: str, now: float) -> float:
        """Count a request; return 0.0, or the seconds to wait when there is no room for it."""
        taken = self._taken[account]
        while taken and taken[0] <= now - self.per_seconds:
            taken.popleft()
        if len(taken) >= self.requests:
            return taken[0] + self.per_seconds - now
        taken.append(now)
        return 0.0

    def as_json(self) -> dict[str, Any]:
        """Write the limit as it was posted."""
        return {"requests": self.requests, "per_seconds": self.per_seconds, "match": self.match.as_json()}
