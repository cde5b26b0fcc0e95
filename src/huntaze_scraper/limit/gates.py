"""Where gates are kept: items of the state table, as its keys name them."""

import asyncio
import uuid
from typing import Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.limit.gate import Gate
from huntaze_scraper.limit.in_force import Scope
from huntaze_scraper.state.table import ConditionFailed, Conflict, StateTable

KEPT_SECONDS = 24 * 3600


class Gates(Protocol):
    """The gates, by key. Each method raises StoreUnavailable where the store does not answer."""

    async def opens_in(self) -> float:
        """Return the seconds until a turn may be taken or kept at all, for the scope was changed; 0 for now."""
        ...

    async def read(self, key: str, capacity: int) -> Gate:
        """Return the gate; one of which nothing was taken yet has all of its capacity."""
        ...

    async def write(self, key: str, gate: Gate) -> bool:
        """Store the gate, and tell whether it still was the one that was read: if not, nothing is stored."""
        ...


class DynamoGates:
    """Gates in the state table."""

    def __init__(self, table: StateTable, clock: Clock, scope: Scope) -> None:
        """Keep gates in ``table``, counted by the scope."""
        self._table = table
        self._clock = clock
        self._scope = scope

    async def opens_in(self) -> float:
        """Return the seconds until a turn may be taken or kept."""
        return self._scope.opens_in() if self._scope.is_known else await asyncio.to_thread(self._scope.opens_in)

    async def read(self, key: str, capacity: int) -> Gate:
        """Return the gate."""
        return Gate.read(await asyncio.to_thread(self._table.get, key), capacity)

    async def write(self, key: str, gate: Gate) -> bool:
        """Store the gate, if nobody else has since it was read.

        The client repeats a write whose answer was lost, and would take its own for somebody else's (Trap 12): who
        wrote stands in the item. If somebody did write in between, the turn of the lost answer is only lost.
        """
        values = gate.write() | {
            "version": gate.version + 1,
            "writer": uuid.uuid4().hex,
            "expires_at": int(self._clock.now()) + KEPT_SECONDS,
        }
        try:
            await asyncio.to_thread(
                self._table.update,
                key,
                "SET " + ", ".join(f"#{name} = :{name}" for name in values),
                {f":{name}": value for name, value in values.items()} | {":before": gate.version},
                condition="attribute_not_exists(#version) OR #version = :before OR #writer = :writer",
                names=values,
            )
        except (ConditionFailed, Conflict):
            return False
        return True
