"""Turns at the site: tasks that come and die, answers that get lost, clocks that differ; the limit holds."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huntaze_scraper.errors import OutOfTurn, StoreUnavailable
from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.gate import MOST_WAITING, Gate
from huntaze_scraper.limit.rate import Limit, Tokens
from huntaze_scraper.limit.turns import Turn, Turns
from huntaze_scraper.settings import ACCOUNT, PIPELINE
from tests.invariants import worst_window
from tests.unit.worker.jumping_loop import LoopClock, run

LIMIT = Limit()


class SharedGates:
    """The store that all tasks share; slow, and at times without an answer."""

    def __init__(self, random: Random, faults: float = 0.0) -> None:
        self.items: dict[str, Gate] = {}
        self.closed_until = 0.0
        self.calls = self.reads = 0
        self._random = random
        self._faults = faults

    async def opens_in(self) -> float:
        return self.closed_until - LoopClock().now() if LoopClock().now() < self.closed_until else 0.0

    async def read(self, key: str, capacity: int) -> Gate:
        self.reads += 1
        await self._way()
        return self.items.get(key, Gate(Tokens.of(capacity)))

    async def write(self, key: str, gate: Gate) -> bool:
        await self._way()
        known = self.items.get(key)
        if known is not None and known.version != gate.version:
            return False
        self.items[key] = replace(gate, version=gate.version + 1)
        await self._way()
        return True

    async def _way(self) -> None:
        self.calls += 1
        slow = self._random.random() < self._faults
        await asyncio.sleep(self._random.uniform(1, 20) if slow else self._random.uniform(0.001, 0.03))
        if self._random.random() < self._faults:
            raise StoreUnavailable("no answer")


class Task:
    """A task: its clock is off by a little, and it may die at any moment."""

    def __init__(self, gates: SharedGates, scope: str, skew_seconds: float = 0.0) -> None:
        self._skew = skew_seconds
        self.turns = Turns(gates, LIMIT, scope, self, self._sleep)

    def now(self) -> float:
        return LoopClock().now() + self._skew

    def monotonic(self) -> float:
        return LoopClock().monotonic()

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Site:
    """Notes when it was acted on, and for whom."""

    def __init__(self) -> None:
        self.acts: list[tuple[float, str]] = []

    def act(self, account: str) -> None:
        self.acts.append((LoopClock().now(), account))

    def worst(self, *, by_account: bool) -> int:
        moments: defaultdict[str, list[float]] = defaultdict(list)
        for moment, account in self.acts:
            moments[account if by_account else ""].append(moment)
        return max((worst_window(it) for it in moments.values()), default=0)


async def work(task: Task, account: str, priority: Priority, act: Callable[[Turn], Awaitable[None]]) -> None:
    """Carry out one job as a task does: wait in hand for a while, else be handed back until the turn is there."""
    while True:
        try:
            turn, _ = await task.turns.take(account, priority, 10)
            await act(turn)
        except OutOfTurn as later:
            await asyncio.sleep(later.wait_seconds + 0.5)
        except StoreUnavailable:
            await asyncio.sleep(30)
        else:
            return


@pytest.mark.requirement("9.1")
@pytest.mark.parametrize("scope", [PIPELINE, ACCOUNT])
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), faults=st.sampled_from([0.0, 0.05, 0.2]), tasks=st.integers(1, 10))
def test_no_window_at_the_site_holds_more_than_the_limit(scope: str, seed: int, faults: float, tasks: int) -> None:
    """Whoever dies, however many tasks there are, whatever the store answers or not."""
    random, site = Random(seed), Site()

    async def scenario() -> None:
        gates = SharedGates(random, faults)
        workers = [Task(gates, scope, random.uniform(-0.2, 0.2)) for _ in range(tasks)]

        async def act(turn: Turn, account: str) -> None:
            if random.random() < 0.05:
                raise asyncio.CancelledError  # it dies between its turn and what it is for
            await asyncio.sleep(random.choice([0.0, 0.05, 3.0, 50.0, 70.0]))
            await turn.keep()
            await asyncio.sleep(random.uniform(0, 0.1))
            site.act(account)

        async def creator(name: str) -> None:
            for _ in range(12):
                with suppress(asyncio.CancelledError):
                    await work(random.choice(workers), name, random.choice(list(Priority)), lambda it: act(it, name))

        await asyncio.gather(*(creator(f"creator-{number}") for number in range(5)))

    run(scenario())
    assert site.acts
    assert site.worst(by_account=scope == ACCOUNT) <= LIMIT.capacity


async def drain(turns: list[Task], site: Site, accounts: int, jobs: int) -> float:
    """Work a backlog off: each account's jobs one after another, all accounts at once; return how long it took."""

    async def creator(number: int) -> None:
        for _ in range(jobs):

            async def act(turn: Turn) -> None:
                await asyncio.sleep(0.3)
                await turn.keep()
                site.act(f"creator-{number}")

            await work(turns[number % len(turns)], f"creator-{number}", Priority.NORMAL, act)

    began = LoopClock().monotonic()
    await asyncio.gather(*(creator(number) for number in range(accounts)))
    return LoopClock().monotonic() - began


@pytest.mark.requirement("9.1")
@pytest.mark.parametrize(("scope", "least_seconds"), [(PIPELINE, 29 * 60), (ACCOUNT, 0.0)])
def test_a_backlog_goes_at_the_limit_and_at_nearly_all_of_it(scope: str, least_seconds: float) -> None:
    """300 jobs of 30 accounts, four tasks: at least 95 % of the possible rate, and a flat number of calls."""
    site = Site()

    async def scenario() -> tuple[float, int]:
        gates = SharedGates(Random(1))
        took = await drain([Task(gates, scope) for _ in range(4)], site, 30, 10)
        return took, gates.calls

    took, calls = run(scenario())
    assert len(site.acts) == 300
    assert site.worst(by_account=scope == ACCOUNT) == 10
    assert took <= max(least_seconds / 0.95, 70)
    assert calls / 300 <= 20


@pytest.mark.parametrize("scope", [PIPELINE, ACCOUNT])
def test_a_task_that_knows_the_gate_does_not_read_it(scope: str) -> None:
    """What it wrote last is what stands there while nobody else writes; a turn costs its two writes."""
    gates = SharedGates(Random(5))

    async def scenario() -> None:
        task = Task(gates, scope)
        for _ in range(5):
            turn, _ = await task.turns.take("ann", Priority.NORMAL, 0)
            await asyncio.sleep(2)
            await turn.keep()
        assert gates.reads == 1
        await Task(gates, scope).turns.take("ann", Priority.NORMAL, 0)
        await task.turns.take("ann", Priority.NORMAL, 0)

    run(scenario())
    # The other task reads, and so does this one, which was not the last to write.
    assert gates.reads == 3


@pytest.mark.requirement("9.1")
def test_who_must_wait_has_looked() -> None:
    """A wait is told from the gate as it is, not as it was left."""
    gates = SharedGates(Random(6))

    async def scenario() -> None:
        task = Task(gates, ACCOUNT)
        for _ in range(LIMIT.capacity):
            await task.turns.take("ann", Priority.NORMAL, 0)
        reads = gates.reads
        with pytest.raises(OutOfTurn):
            await task.turns.take("ann", Priority.NORMAL, 0)
        assert gates.reads == reads + 1

    run(scenario())


@pytest.mark.requirement("9.1")
def test_while_the_scope_is_changed_no_turn_is_taken_nor_kept() -> None:
    """It is waited for in hand where that is short; else the job goes back, and a message that was to leave does not."""
    gates = SharedGates(Random(7))

    async def scenario() -> None:
        task = Task(gates, PIPELINE)
        gates.closed_until = LoopClock().now() + 5
        turn, waited = await task.turns.take("ann", Priority.NORMAL, 10)
        assert waited >= 5
        gates.closed_until = LoopClock().now() + 60
        with pytest.raises(OutOfTurn) as later:
            await turn.keep()
        assert later.value.wait_seconds > 50
        with pytest.raises(OutOfTurn):
            await task.turns.take("ann", Priority.NORMAL, 10)

    run(scenario())


@pytest.mark.requirement("9.1")
def test_an_account_called_as_the_shared_limit_is_has_a_limit_of_its_own() -> None:
    """Tasks of both scopes, as during a change of it, never take one's turn for the other's."""
    gates = SharedGates(Random(8))

    async def scenario() -> None:
        for scope in (PIPELINE, ACCOUNT):
            await Task(gates, scope).turns.take("pipeline", Priority.NORMAL, 0)
        assert [gate.tokens.free(0) for gate in gates.items.values()] == [9, 9]

    run(scenario())


@pytest.mark.requirement("9.3", "9.4")
def test_an_urgent_job_at_the_site_goes_within_a_window_whatever_waits() -> None:
    """Twenty accounts wait with a hundred jobs; one of another account comes, and is urgent."""
    site = Site()

    async def scenario() -> float:
        gates = SharedGates(Random(2))
        task = Task(gates, PIPELINE)
        backlog = asyncio.create_task(drain([task], site, 20, 10))
        await asyncio.sleep(130)
        began = LoopClock().monotonic()

        async def act(turn: Turn) -> None:
            await turn.keep()

        await work(task, "urgent", Priority.HIGH, act)
        took = LoopClock().monotonic() - began
        backlog.cancel()
        return took

    assert run(scenario()) <= 62


def test_a_line_that_is_full_puts_off_who_comes_without_a_place() -> None:
    """The item stays small enough for the table."""

    async def scenario() -> None:
        gates = SharedGates(Random(3))
        task = Task(gates, PIPELINE)
        for number in range(LIMIT.capacity):
            await task.turns.take(f"creator-{number}", Priority.NORMAL, 0)
        ((key, gate),) = gates.items.items()
        line, waiting = gate.line, [f"waiting-{number}" for number in range(MOST_WAITING - 2)]
        for account in waiting:
            line = line.joined(Priority.NORMAL, account)
        expected = dict.fromkeys(waiting, round((task.now() + 3600) * 1000))
        gates.items[key] = replace(gate, line=line, expected=expected, version=gate.version + 1)
        for number in range(5):
            with pytest.raises(OutOfTurn):
                await task.turns.take(f"late-{number}", Priority.NORMAL, 0)
        assert set(gates.items[key].expected) == {*waiting, "late-0", "late-1"}

    run(scenario())


@pytest.mark.requirement("9.1")
def test_without_the_store_there_is_no_turn() -> None:
    """Nothing acts on the site."""

    async def scenario() -> None:
        with pytest.raises(StoreUnavailable):
            await Task(SharedGates(Random(4), faults=1.0), PIPELINE).turns.take("ann", Priority.NORMAL, 10)

    run(scenario())
