"""Turns at the site: taken from the gate that all tasks share, and kept until an effect leaves."""

import random
from dataclasses import replace
from typing import Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import OutOfTurn, StoreUnavailable
from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.gate import Asked, Gate, ask
from huntaze_scraper.limit.gates import Gates
from huntaze_scraper.limit.rate import Limit
from huntaze_scraper.settings import PIPELINE
from huntaze_scraper.state.keys import PIPELINE_TURN, Kind

MOST_CONFLICTS = 20
MOST_KNOWN = 1_000
"""Gates that are remembered as this task left them."""
CONFLICT_PAUSE_SECONDS = 0.05


class Sleep(Protocol):
    """Waits, and raises Interrupted where the process ends."""

    async def __call__(self, seconds: float) -> None:
        """Wait so long."""
        ...


class Turn:
    """Leave to act at the site, now."""

    def __init__(self, turns: "Turns", key: str, back_at: int) -> None:
        """Hold the token of the item ``key`` that is back at that moment."""
        self._turns = turns
        self._key = key
        self._back_at = back_at

    async def keep(self) -> None:
        """Make sure that an effect may leave at this moment, later than the turn was taken: the token comes back later.

        Raises:
            OutOfTurn: the turn was taken so long ago that somebody else has the token by now.
            StoreUnavailable: nobody knows.
        """
        self._back_at = await self._turns.move(self._key, self._back_at)


class Turns:
    """Takes turns. Two of one limit are never in use within less than a window, whoever takes them, and dies."""

    def __init__(
        self, gates: Gates, limit: Limit, scope: str, clock: Clock, sleep: Sleep, kind: Kind = Kind.TURN
    ) -> None:
        """Take turns of ``limit`` in the scope, ``pipeline`` or ``account``."""
        self._gates = gates
        self._limit = limit
        self._is_shared = scope == PIPELINE
        self._clock = clock
        self._sleep = sleep
        self._kind = kind
        self._known: dict[str, Gate] = {}
        """As they were left by the last write: who writes first needs no reading, and who was not first reads."""

    async def take(self, account: str, priority: Priority, patience_seconds: float) -> tuple[Turn, float]:
        """Return a turn, once there is one, and the seconds that were waited for it.

        Raises:
            OutOfTurn: it would be longer than the patience; the place in the line is kept.
            StoreUnavailable: no turn without the store.
            Interrupted: the process ends.
        """
        key = PIPELINE_TURN if self._is_shared else self._kind.of_account(account)
        began = self._clock.monotonic()
        while True:
            closed_seconds = await self._gates.opens_in()
            asked = await self._ask(key, account, priority) if not closed_seconds else None
            waited = self._clock.monotonic() - began
            if asked is not None and asked.back_at is not None:
                turn = Turn(self, key, asked.back_at)
                await turn.keep()  # the answer may have taken its time
                return turn, waited
            wait_seconds = max(asked.wait_until / 1000 - self._clock.now(), 0.01) if asked else closed_seconds
            if waited + wait_seconds > patience_seconds:
                raise OutOfTurn(wait_seconds)
            await self._sleep(wait_seconds)

    async def move(self, key: str, back_at: int) -> int:
        """Let the token be back a window from now, where it is not anyway; see ``Turn.keep``."""
        for _ in range(MOST_CONFLICTS):
            if closed_seconds := await self._gates.opens_in():
                raise OutOfTurn(closed_seconds)
            # Half of the margin is for what comes between this look and the site, half for clocks that differ.
            if self._now() + self._limit.return_ms <= back_at + self._limit.margin_ms // 2:
                return back_at
            gate, _ = await self._gate(key)
            later = self._now() + self._limit.return_ms
            tokens = gate.tokens.moved(back_at, later)
            if tokens is None:
                raise OutOfTurn(0.0)
            if await self._write(key, replace(gate, tokens=tokens)):
                back_at = later
        raise StoreUnavailable("the limit was never written in time")

    async def _ask(self, key: str, account: str, priority: Priority) -> Asked:
        for _ in range(MOST_CONFLICTS):
            gate, is_read = await self._gate(key)
            asked = ask(self._limit, gate, account, priority, self._now(), is_shared=self._is_shared)
            if asked.gate != gate:
                if await self._write(key, asked.gate):
                    return asked
            elif is_read:
                return asked
            else:
                self._known.pop(key, None)  # nothing to write, so nobody says whether it still is so
        raise StoreUnavailable("other tasks were always faster at the limit")

    async def _gate(self, key: str) -> tuple[Gate, bool]:
        """Return the gate as far as is known, and whether it was read just now."""
        known = self._known.get(key)
        return (known, False) if known else (await self._gates.read(key, self._limit.capacity), True)

    async def _write(self, key: str, gate: Gate) -> bool:
        self._known.pop(key, None)
        if await self._gates.write(key, gate):
            if len(self._known) >= MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[key] = replace(gate, version=gate.version + 1)
            return True
        await self._sleep(random.uniform(0, CONFLICT_PAUSE_SECONDS))  # noqa: S311 - spreads retries, keeps no secret
        return False

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
