"""The loop's own promises."""

import asyncio
import hashlib
import os
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from random import Random

import pytest

from tests.simulation.loop import NothingWaits, SimulationLoop
from tests.simulation.process import Process


def history(seed: int) -> str:
    """Run some tasks, calls and timers, and tell in which order they went on."""
    loop, order = SimulationLoop(Random(seed)), []

    async def work(name: str) -> None:
        for turn in range(5):
            await asyncio.sleep(loop.random.choice([0, 0, 0.1]))
            await asyncio.to_thread(loop.block, 0.1)
            order.append(f"{name}{turn}@{loop.time():.1f}")

    async def everything() -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*(work(name) for name in "abcd"))

    try:
        loop.run_until_complete(everything())
    finally:
        loop.finish()
        loop.close()
    return " ".join(order)


def test_the_same_seed_gives_the_same_order_and_another_seed_another() -> None:
    """Which task goes next is the seed's choice, and nothing else's."""
    assert history(1) == history(1)
    assert len({history(seed) for seed in range(10)}) > 5


def test_callbacks_keep_their_order() -> None:
    """What asyncio promises of call_soon holds whatever the seed."""
    for seed in range(20):
        loop, order = SimulationLoop(Random(seed)), []
        for number in range(10):
            loop.call_soon(order.append, number)
        loop.run_until_complete(asyncio.sleep(1))
        loop.close()
        assert order == list(range(10))


def test_nothing_of_a_killed_process_runs_any_more_not_even_what_would_clear_up() -> None:
    """As a machine that is gone."""
    loop, told = SimulationLoop(Random(1)), []
    process = Process("victim", keep=loop.keep)

    async def victim() -> None:
        try:
            await asyncio.to_thread(loop.block, 5)
            told.append("worked")
        finally:
            told.append("cleared up")

    async def bystander() -> None:
        await asyncio.sleep(1)
        process.kill()
        await asyncio.sleep(10)

    loop.start(victim(), process)
    loop.run_until_complete(bystander())
    assert told == []
    loop.finish()
    loop.close()


def test_what_a_killed_process_had_left_to_await_is_let_go_of_without_a_word() -> None:
    """The end of a generator that it had begun, say: Python would warn of it, and a warning is an error here."""
    loop = SimulationLoop(Random(1))
    process = Process("victim", keep=loop.keep)

    async def pages() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def victim() -> None:
        async for _ in pages():
            break
        process.kill()

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        loop.start(victim(), process)
        loop.run_until_complete(asyncio.sleep(1))
        loop.finish()
        loop.close()
    assert told == []


def test_a_blocking_call_inside_the_loop_is_an_error() -> None:
    """It would stop every task, which a real worker must not do either."""
    loop = SimulationLoop(Random(1))

    async def wrong() -> None:
        loop.block(1)

    with pytest.raises(AssertionError, match="inside the event loop"):
        loop.run_until_complete(wrong())
    loop.close()


def test_what_waits_for_nothing_is_told() -> None:
    """A deadlock ends the run at once."""
    loop = SimulationLoop(Random(1))
    with pytest.raises(NothingWaits):
        loop.run_until_complete(loop.create_future())
    loop.close()


def test_the_order_is_the_same_in_every_process_and_for_every_hash_seed() -> None:
    """Nothing of the interpreter's own decides."""
    program = "from tests.simulation.test_loop import history; print(history(7))"
    told = set()
    for hash_seed in ("0", "1", "12345"):
        answer = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        told.add(hashlib.sha256(answer.stdout.encode()).hexdigest())
    assert len(told) == 1
