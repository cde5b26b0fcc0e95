"""The whole pipeline under every fault that there is: what failed once, and seeds that nobody has seen."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation.plan import Plan
from tests.simulation.run import corpus, run, run_seed, seeds

FRESH_SECONDS = 20.0
GATE_SECONDS = 120.0
HASHES = "from tests.simulation.run import run_seed; print(*(run_seed(seed).trace_hash for seed in range(3)))"


@pytest.mark.requirement("9.10")
@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.stem)
def test_what_failed_once_does_not_fail_again(path: Path) -> None:
    """Each fault that the simulation found has its plan kept, and is mended."""
    ended = run(Plan.read(path))

    assert not ended.invariant, f"{ended.invariant}: {ended.why}"


def run_fresh(seconds: float) -> None:
    """Run seeds from a base that no run had before."""
    base = int(os.environ.get("HUNTAZE_SIMULATION_SEED") or time.time_ns() // 1_000_000)
    print(f"seeds from {base}")
    for seed in seeds(base, seconds=seconds):
        ended = run_seed(seed)
        assert not ended.invariant, (
            f"seed {seed}: {ended.invariant}: {ended.why}; its story: ./huntaze simulate --from {seed} --seeds 1"
        )


@pytest.mark.requirement("9.1", "9.5", "9.6", "9.7")
def test_no_fresh_seed_breaks_a_promise() -> None:
    """Nothing lost, nothing twice, in order, within the limit, every job ended, no secret told."""
    run_fresh(FRESH_SECONDS)


@pytest.mark.gate
@pytest.mark.requirement("9.1", "9.5", "9.6", "9.7")
def test_no_fresh_seed_breaks_a_promise_in_the_gate() -> None:
    """The same, for two minutes."""
    run_fresh(GATE_SECONDS)


@pytest.mark.requirement("9.10")
def test_a_seed_gives_the_same_history_in_every_process_and_for_every_hash_seed() -> None:
    """Bit for bit: each call, each line of the log, each moment."""
    told = {" ".join(run_seed(seed).trace_hash for seed in range(3))}
    for hash_seed in ("0", "1", "4711"):
        answer = subprocess.run(
            [sys.executable, "-c", HASHES],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        told.add(answer.stdout.strip())

    assert len(told) == 1
