"""How far the cloud's times are off for a client on the same clock, at several speeds."""

import json
import os
import subprocess
import sys

from localprocs.vclock import Clock, Speed

from benchmarks.virtual_clock.emulator import running
from benchmarks.virtual_clock.figures import FIGURES
from emulator.harness import places

SHARE = 0.01
LEAST_SECONDS = 1.0


def measure(speed: Speed) -> dict[str, float]:
    """Return the measured virtual seconds of each figure.

    At speed 1 the stretches in which nothing is looked at are jumped over; what is measured then is the last ten
    seconds of each, at the wall's speed, and that the jump neither lost nor added any.
    """
    with Clock.create(speed) as clock, running(clock) as emulator:
        return _ask(clock, emulator.url, "jump" if speed == 1 else "wait")


def allowed(name: str) -> float:
    """Return by how many virtual seconds a figure may be off: one percent, or one second."""
    return max(FIGURES[name].seconds * SHARE, LEAST_SECONDS)


def _ask(clock: Clock, url: str, way: str) -> dict[str, float]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.virtual_clock.figures", url, way],
        env=os.environ | clock.env(),
        cwd=places.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        for line in process.stdout:
            if not line.startswith("jump "):
                return dict(json.loads(line))
            clock.jump(float(line.split()[1]))
            process.stdin.write("\n")
            process.stdin.flush()
    raise RuntimeError(f"the client ended with {process.returncode}")
