"""Infrastructure: how long a synthesis takes, cold and cached; what the custom metrics come to (issue: infrastructure)."""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra_cdk import prices, synthesis
from infra_cdk.custom_metrics import count

COLD_RUNS = 3
CACHED_RUNS = 50
CREATORS = (1, 100, 1000)


def measure_synthesis() -> dict[str, float]:
    """Return the median seconds of a synthesis, with nothing cached and with everything."""
    cold = []
    for _ in range(COLD_RUNS):
        # A folder of its own: a harness may be about to deploy what lies in the real one.
        with tempfile.TemporaryDirectory() as folder:
            synthesis.ASSEMBLIES = Path(folder)
            cold.append(_seconds())
            cached = [_seconds() for _ in range(CACHED_RUNS)]
    return {"cold": statistics.median(cold), "cached": statistics.median(cached)}


def _seconds() -> float:
    begun = time.perf_counter()
    synthesis.synthesise()
    return time.perf_counter() - begun


def metrics_of(creators: int) -> dict[str, float]:
    """Return how many custom metrics there are and what they cost a month, with and without creator_id."""
    figures: dict[str, float] = {"creators": creators}
    for name, by_creator in (("by_creator", True), ("without", False)):
        number = count(creators, by_creator=by_creator)
        figures |= {name: number, f"{name}_usd": prices.custom_metrics_month(number)}
    return figures


def main() -> None:
    """Measure and print."""
    took = measure_synthesis()
    metrics = [metrics_of(creators) for creators in CREATORS]
    if "--json" in sys.argv:
        print(json.dumps({"synthesis": took, "custom_metrics": metrics}))
        return
    table = Table("synthesis", "median s", title=f"{COLD_RUNS} cold runs, {CACHED_RUNS} cached ones")
    for name, seconds in took.items():
        table.add_row(name, f"{seconds:.4f}")
    Console().print(table)
    table = Table(
        "creators", "metrics", "US$ a month", "without creator_id", "US$ a month", title="custom metrics, at the most"
    )
    for each in metrics:
        table.add_row(
            f"{each['creators']:,}",
            f"{each['by_creator']:,}",
            f"{each['by_creator_usd']:,.2f}",
            f"{each['without']:,}",
            f"{each['without_usd']:,.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
