"""Shared sessions, in memory."""

from typing import Any

from huntaze_scraper.clock import Clock
from huntaze_scraper.onlyfans.session_store import LOGIN_LEASE_SECONDS, SavedSession


class MemorySessions:
    """The session store's rules, in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.saved: dict[str, SavedSession] = {}
        self.leases: dict[str, tuple[str, float]] = {}
        self._given = 0

    async def load(self, account: str) -> SavedSession | None:
        return self.saved.get(account)

    async def acquire(self, account: str) -> str | None:
        if account in self.leases and self.leases[account][1] >= self._clock.now():
            return None
        self._given += 1
        self.leases[account] = (f"lease-{self._given}", self._clock.now() + LOGIN_LEASE_SECONDS)
        return self.leases[account][0]

    async def renew(self, account: str, lease: str) -> bool:
        if self.leases.get(account, ("", 0))[0] != lease:
            return False
        self.leases[account] = (lease, self._clock.now() + LOGIN_LEASE_SECONDS)
        return True

    async def save(self, account: str, state: dict[str, Any], lease: str) -> SavedSession | None:
        if self.leases.get(account, ("", 0))[0] != lease:
            return None
        del self.leases[account]
        version = self.saved[account].version + 1 if account in self.saved else 1
        self.saved[account] = SavedSession(version, state)
        return self.saved[account]

    async def release(self, account: str, lease: str) -> None:
        if self.leases.get(account, ("", 0))[0] == lease:
            del self.leases[account]
