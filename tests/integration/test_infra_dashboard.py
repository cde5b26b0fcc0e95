"""The deployed dashboard after jobs that went well and jobs that did not: every graph has data."""

import contextlib
import json
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from emulator.harness.clients import Clients
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock
from infra_cdk import names
from tests.integration import dashboard
from tests.integration.busy_pipeline import make_busy
from tests.patience import until

FIELDS_OF_QUERIES = {
    names.LIMITER_LOGS: {"message_id", "allowed", "retry_after", "tokens_remaining"},
    names.SCRAPER_LOGS: {"action", "status", "duration_ms"},
}


@pytest.fixture
def busy(pipeline: Pipeline, site: SiteControl) -> Pipeline:
    """A pipeline that has met nearly everything."""
    make_busy(pipeline, site)
    return pipeline


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.requirement("5.4")
def test_every_graph_of_the_dashboard_has_data_after_a_run(busy: Pipeline, emulator: Clients, clock: Clock) -> None:
    """None names a metric that nobody publishes."""
    body = emulator.cloudwatch.get_dashboard(DashboardName=names.DASHBOARD)["DashboardBody"]
    graphs = dict(graph for widget in dashboard.widgets(body) for graph in dashboard.queries(widget))
    assert len(graphs) > 20

    def empty() -> list[str]:
        end = datetime.fromtimestamp(clock.now() + 60)  # noqa: DTZ006 - boto3 takes the machine's zone
        start = end - timedelta(hours=3)
        return [name for name, queries in graphs.items() if not _values(emulator, queries, start, end)]

    with contextlib.suppress(AssertionError):
        until(lambda: not empty(), 60)
    assert not empty()


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_the_dashboards_log_queries_ask_for_fields_that_are_logged(busy: Pipeline, emulator: Clients) -> None:
    """The limiter's and the scraper's lines have every field that a query names."""
    del busy
    for group, fields in FIELDS_OF_QUERIES.items():
        events = emulator.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [it["message"] for page in events for it in page["events"] if it["message"].startswith("{")]
        assert fields <= set().union(*(json.loads(line) for line in lines)), group


def _values(emulator: Clients, queries: list[dict[str, Any]], start: datetime, end: datetime) -> list[float]:
    answer = emulator.cloudwatch.get_metric_data(
        MetricDataQueries=cast("Any", queries),
        StartTime=start,
        EndTime=end,
    )
    return [value for result in answer["MetricDataResults"] for value in result["Values"]]
