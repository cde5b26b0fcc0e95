"""Infrastructure: synthesis, deployment, an update of the scraper alone; what the custom metrics come to (issue: infrastructure)."""

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localprocs.host import deployment
from localprocs.host.assembly import Place, stacks
from rich.console import Console
from rich.table import Table

from benchmarks._arguments import wants_json
from emulator.harness.clients import ACCOUNT_ID, REGION
from emulator.harness.harness import Harness
from infra_cdk import synthesis
from infra_cdk.cost import prices
from infra_cdk.custom_metrics import count

COLD_RUNS, CACHED_RUNS, DEPLOYMENTS, UPDATES = 3, 50, 3, 3
CREATORS = (1, 100, 1000)
SCRAPER = "HuntazeScraper"
LIMITS = {"all stacks deployed": 8.0}
"""Seconds at most, of the median."""


def measure_synthesis() -> dict[str, list[float]]:
    """Return the seconds of syntheses, with nothing cached and with everything."""
    cold, cached = [], list[float]()
    kept = synthesis.ASSEMBLIES
    for _ in range(COLD_RUNS):
        # A folder of its own: a harness may be about to deploy what lies in the real one.
        with tempfile.TemporaryDirectory() as folder:
            synthesis.ASSEMBLIES = Path(folder)
            cold.append(_seconds(synthesis.synthesise))
            cached += [_seconds(synthesis.synthesise) for _ in range(CACHED_RUNS)]
    synthesis.ASSEMBLIES = kept
    return {"synthesis, cold": cold, "synthesis, cached": cached}


def measure_deployments() -> dict[str, list[float]]:
    """Return the seconds of deployments of all stacks, and of updates that change one line of the scraper's."""
    deployed, updated = [], list[float]()
    for _ in range(DEPLOYMENTS):
        moments: dict[str, float] = {}
        with Harness(tell=lambda step: moments.setdefault(step, time.perf_counter())) as harness:  # noqa: B023
            deployed.append(moments["waiting for the scraper"] - moments["deploying the assembly"])
            if len(deployed) == DEPLOYMENTS:
                updated += [_update(harness, pages) for pages in range(5, 5 + UPDATES)]
    return {"all stacks deployed": deployed, "the scraper's stack alone updated": updated}


def _update(harness: Harness, pages: int) -> float:
    """Deploy the assembly with another number of pages a task, and return the seconds that the stack took."""
    with tempfile.TemporaryDirectory() as folder:
        assembly = shutil.copytree(synthesis.synthesise(), Path(folder, "assembly"))
        stack = stacks(assembly)[SCRAPER]
        template: Any = json.loads(stack.template.read_text())
        (definition,) = (it for it in template["Resources"].values() if it["Type"] == "AWS::ECS::TaskDefinition")
        (variables,) = (it["Environment"] for it in definition["Properties"]["ContainerDefinitions"])
        (variable,) = (it for it in variables if it["Name"] == "PAGES")
        variable["Value"] = str(pages)
        stack.template.write_text(json.dumps(template))
        parameters = {"SiteUrl": harness.run.site_url}
        return _seconds(
            lambda: deployment.deploy_stack(stack, harness.clients.connect, Place(ACCOUNT_ID, REGION), parameters)
        )


def _seconds(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def metrics_of(creators: int) -> dict[str, float]:
    """Return how many custom metrics there are and what they cost a month, with and without creator_id."""
    figures: dict[str, float] = {"creators": creators}
    for name, by_creator in (("by_creator", True), ("without", False)):
        number = count(creators, by_creator=by_creator)
        figures |= {name: number, f"{name}_usd": prices.custom_metrics_month(number)}
    return figures


def main() -> None:
    """Measure and print; fail above a limit."""
    as_json = wants_json("infra")
    took = measure_synthesis() | measure_deployments()
    medians = {name: statistics.median(values) for name, values in took.items()}
    metrics = [metrics_of(creators) for creators in CREATORS]
    if as_json:
        print(json.dumps({"seconds": medians, "limits": LIMITS, "custom_metrics": metrics}))
    else:
        _print(took, metrics)
    slow = [name for name, limit in LIMITS.items() if medians[name] > limit]
    if slow:
        sys.exit(f"above the limit: {', '.join(slow)}")


def _print(took: dict[str, list[float]], metrics: list[dict[str, float]]) -> None:
    table = Table("figure", "runs", "median s", "min", "max", "limit", title="infrastructure")
    for name, values in took.items():
        numbers = [f"{value:.3f}" for value in (statistics.median(values), min(values), max(values))]
        table.add_row(name, str(len(values)), *numbers, f"{LIMITS[name]:g}" if name in LIMITS else "")
    Console().print(table)
    columns = ("creators", "metrics", "US$ a month", "without creator_id", "US$ a month")
    table = Table(*columns, title="custom metrics, at the most")
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
