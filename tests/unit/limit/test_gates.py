"""Gates in the table, against moto: one writer at a time, and a lost answer is known."""

import asyncio
from collections.abc import Iterator

import pytest

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.gate import ask
from huntaze_scraper.limit.gates import DynamoGates
from huntaze_scraper.limit.in_force import Scope
from huntaze_scraper.limit.rate import Limit
from huntaze_scraper.settings import PIPELINE
from huntaze_scraper.state.table import StateTable
from tests.unit.answers import EachTwice, Unanswered
from tests.unit.aws import state_table
from tests.unit.limit.marks import MemoryMarks

KEY = "turn#pipeline"
LIMIT = Limit(2)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A table in moto."""
    with state_table(monkeypatch) as client:
        yield client


def gates(client: object) -> DynamoGates:
    return DynamoGates(StateTable(client, "state"), SystemClock(), Scope(MemoryMarks(), PIPELINE, 61, SystemClock()))  # type: ignore[arg-type]


def test_what_is_written_is_read_back_and_only_by_one(client: object) -> None:
    """Who read before somebody else wrote must read again."""
    store = gates(client)

    async def scenario() -> None:
        first = await store.read(KEY, 2)
        taken = ask(LIMIT, first, "ann", Priority.NORMAL, 1_000, is_shared=True).gate
        assert await store.write(KEY, taken)
        assert not await store.write(KEY, taken)
        waiting = await store.read(KEY, 2)
        assert (waiting.tokens, waiting.version) == (taken.tokens, 1)
        for name in ("bob", "cid"):
            waiting = ask(LIMIT, waiting, name, Priority.HIGH, 2_000, is_shared=True).gate
        assert await store.write(KEY, waiting)
        again = await store.read(KEY, 2)
        assert (again.line, again.expected) == (waiting.line, waiting.expected)

    asyncio.run(scenario())


@pytest.mark.requirement("9.1")
def test_a_write_that_the_client_repeats_knows_its_own(client: object) -> None:
    """Trap 12: the answer was lost, and the same write comes again."""
    store = gates(EachTwice(client))

    async def scenario() -> None:
        gate = await store.read(KEY, 2)
        assert await store.write(KEY, ask(LIMIT, gate, "ann", Priority.NORMAL, 1_000, is_shared=True).gate)
        assert (await store.read(KEY, 2)).tokens.free(2_000) == 1

    asyncio.run(scenario())


@pytest.mark.requirement("9.1")
def test_a_write_without_an_answer_is_a_turn_lost_not_one_doubled(client: object) -> None:
    """Nobody knows whether it was stored: nothing acts on it."""
    cut_off = Unanswered(client)
    store = gates(cut_off)

    async def scenario() -> None:
        gate = await store.read(KEY, 2)
        cut_off.loses = True
        with pytest.raises(StoreUnavailable):
            await store.write(KEY, ask(LIMIT, gate, "ann", Priority.NORMAL, 1_000, is_shared=True).gate)
        assert (await gates(client).read(KEY, 2)).tokens.free(2_000) == 1

    asyncio.run(scenario())
