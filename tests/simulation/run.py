"""One plan, run and judged; many, one after the other."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.ground import Broken, Line
from tests.simulation.loop import NothingWaits
from tests.simulation.plan import Plan, draw
from tests.simulation.world import World

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended."""

    plan: Plan
    invariant: str
    """The one that broke; empty where none did."""
    why: str
    trace_hash: str
    virtual_seconds: float
    coverage: Counter[tuple[str, str]] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    lines: Sequence[Line] = ()


def run(plan: Plan, *, keeps_lines: bool = False) -> Ended:
    """Run a plan to its end."""
    world, invariant, why = World(plan, keeps_lines=keeps_lines), "", ""
    try:
        world.run()
    except Broken as broken:
        invariant, why = broken.invariant, broken.text
    except NothingWaits:
        invariant, why = "every job ends", "everything waits, and for nothing that could come"
    return Ended(
        plan=plan,
        invariant=invariant,
        why=why,
        trace_hash=world.trace_hash,
        virtual_seconds=world.loop.time(),
        coverage=world.coverage,
        met=world.met,
        lines=world.lines,
    )


def corpus() -> list[Path]:
    """Return the plans that failed once, each of which holds a fault that was mended."""
    return sorted(CORPUS.glob("*.json"))


def seeds(first: int, *, count: int | None = None, seconds: float | None = None) -> Iterator[int]:
    """Yield seeds, so many or for so long of the processor's time: as many on a busy machine as on a quiet one."""
    until = None if seconds is None else time.process_time() + seconds
    number = 0
    while (count is None or number < count) and (until is None or time.process_time() < until):
        yield first + number
        number += 1


def run_seed(seed: int) -> Ended:
    """Draw a plan and run it."""
    return run(draw(seed))
