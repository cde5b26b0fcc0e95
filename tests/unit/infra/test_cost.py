"""The cost page and the counts behind it."""

from random import Random

import pytest

from huntaze_scraper.limit.in_force import LOOK_SECONDS
from infra_cdk.cost import bill, growing, prices
from infra_cdk.custom_metrics import LIMITER_METRICS, _counted, count
from infra_cdk.growth import LEAST_CONCURRENCY
from infra_cdk.scaling import MAX_TASKS
from infra_cdk.synthesis import ROOT
from tests.unit.infra.template import Assembly
from tests.unit.rate_limiter.metered import MeteredPlaces
from tests.unit.rate_limiter.simulation.world import World
from tests.unit.rate_limiter.test_simulation import message

JOBS = 100


def test_the_page_is_what_the_model_says() -> None:
    """Write it anew with ``python -m infra_cdk.cost > docs/cost.md``."""
    assert (ROOT / "docs" / "cost.md").read_text() == bill.page()


def test_the_model_counts_what_the_template_has(assembly: Assembly) -> None:
    """Endpoints by the hour, metrics by alarm."""
    endpoints = assembly["Network"].properties("AWS::EC2::VPCEndpoint")
    assert len([it for it in endpoints if it["VpcEndpointType"] == "Interface"]) == bill.INTERFACE_ENDPOINTS
    alarms = assembly["Observability"].properties("AWS::CloudWatch::Alarm")
    watched = sum(len([it for it in alarm.get("Metrics", []) if "MetricStat" in it]) or 1 for alarm in alarms)
    target_tracking = 2
    assert watched + target_tracking == bill.ALARM_METRICS


@pytest.mark.parametrize("everything_happens", [False, True])
@pytest.mark.parametrize("by_creator", [False, True])
def test_each_creator_brings_as_many_metrics_as_the_one_before(*, by_creator: bool, everything_happens: bool) -> None:
    """The count for a thousand is told from one and two; without creator_id it stays as it is."""
    counted = [_counted(creators, by_creator, everything_happens) for creators in (1, 2, 5)]
    assert counted[2] == counted[0] + 4 * (counted[1] - counted[0])
    assert (counted[1] > counted[0]) is by_creator
    told = count(5, by_creator=by_creator, everything_happens=everything_happens)
    assert told == counted[2] + LIMITER_METRICS


@pytest.mark.parametrize(
    ("is_shared", "accounts", "units"),
    [(True, bill.CREATORS, bill.SHARED_LIMIT), (False, 5, bill.OWN_LIMITS)],
    ids=("one limit", "a limit each"),
)
def test_what_the_bill_says_of_the_limiters_tables_is_what_its_simulation_comes_to(
    *, is_shared: bool, accounts: int, units: bill.Units
) -> None:
    """At the full rate: in units, by the sizes of the items that are written."""
    world = World(Random(300), concurrency=LEAST_CONCURRENCY)
    world.store = store = MeteredPlaces()
    world.switch(is_shared=is_shared)
    world.run(LOOK_SECONDS + world.pause_seconds)
    for number in range(JOBS):
        world.produce(message(number % accounts, number))
        world.run(60 / bill.JOBS_A_MINUTE / (1 if is_shared else accounts))
    world.drain(10_000)

    assert units.written - 2 < store.meter.units_written / JOBS <= units.written
    assert units.read - 2 < store.meter.units_read / JOBS <= units.read


def test_the_table_of_growing_is_what_the_model_says() -> None:
    """Write it anew from ``infra_cdk.cost.growing.table()``."""
    assert growing.table() in (ROOT / "docs" / "scaling.md").read_text()


def test_metrics_beyond_ten_thousand_are_cheaper() -> None:
    """As AWS's tiers are."""
    assert prices.custom_metrics_month(10_000) == pytest.approx(3000)
    assert prices.custom_metrics_month(10_001) - prices.custom_metrics_month(10_000) == pytest.approx(0.10)


def test_a_tasks_price_is_its_cpu_and_its_memory() -> None:
    """And Spot's is about a third."""
    assert prices.task_hour() == pytest.approx(0.0395)
    assert prices.task_hour(spot=True) * MAX_TASKS < prices.task_hour() * MAX_TASKS / 2
