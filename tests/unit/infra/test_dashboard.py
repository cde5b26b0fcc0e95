"""The dashboard: every widget that the plan names, on metrics that somebody publishes."""

import json

import pytest

from huntaze_scraper.metric_names import NAMESPACE, Metric
from tests.unit.infra.template import Assembly, Json, text

OF_AWS = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
    },
    "AWS/Lambda": {"Duration", "Invocations", "Errors", "Throttles"},
    "AWS/ECS": {"CPUUtilization", "MemoryUtilization"},
    "ECS/ContainerInsights": {"RunningTaskCount", "DesiredTaskCount"},
}


@pytest.fixture
def widgets(assembly: Assembly) -> list[Json]:
    """Return the widgets of the dashboard."""
    dashboard = assembly["Observability"].only("AWS::CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "Huntaze-OnlyFans-Scraper"
    return list(json.loads(text(dashboard["DashboardBody"]))["widgets"])


def _metrics(widget: Json) -> list[tuple[str, str]]:
    """Return namespace and name of each metric; ``.`` repeats what stood above."""
    found: list[tuple[str, str]] = []
    for row in widget["properties"].get("metrics", []):
        if isinstance(row[0], str):
            namespace = found[-1][0] if row[0] == "." else row[0]
            found.append((namespace, found[-1][1] if row[1] == "." else row[1]))
    return found


def _with(widgets: list[Json], *metrics: tuple[str, str]) -> list[Json]:
    return [widget for widget in widgets if set(metrics) <= set(_metrics(widget))]


@pytest.mark.requirement("5.4")
@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param(
            [(NAMESPACE, Metric.RATE_LIMIT_ALLOWED_COUNT), (NAMESPACE, Metric.RATE_LIMIT_REJECTED_COUNT)],
            id="rate limiter: allowed and rejected",
        ),
        pytest.param([("AWS/SQS", "ApproximateNumberOfMessagesVisible")], id="queue depth"),
        pytest.param([("AWS/SQS", "ApproximateAgeOfOldestMessage")], id="queue age"),
        pytest.param([("AWS/Lambda", "Duration")], id="limiter duration"),
        pytest.param([("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles")], id="limiter errors and throttles"),
        pytest.param([(NAMESPACE, Metric.SCRAPING_SUCCESS_RATE)], id="success rate"),
        pytest.param(
            [
                (NAMESPACE, Metric.ONLYFANS_429_COUNT),
                (NAMESPACE, Metric.ONLYFANS_4XX_COUNT),
                (NAMESPACE, Metric.ONLYFANS_5XX_COUNT),
            ],
            id="the site's errors",
        ),
        pytest.param(
            [("ECS/ContainerInsights", "RunningTaskCount"), ("ECS/ContainerInsights", "DesiredTaskCount")],
            id="running and desired tasks",
        ),
        pytest.param([("AWS/ECS", "CPUUtilization"), ("AWS/ECS", "MemoryUtilization")], id="CPU and memory"),
        pytest.param([(NAMESPACE, Metric.SCRAPING_DURATION_MS)], id="latency of an attempt"),
        pytest.param([(NAMESPACE, Metric.QUEUE_WAIT_MS)], id="latency in the queue"),
    ],
)
def test_the_plans_widget_is_there(widgets: list[Json], metrics: list[tuple[str, str]]) -> None:
    """One widget shows these together."""
    assert _with(widgets, *metrics)


def test_the_cost_of_the_present_size_is_shown(widgets: list[Json]) -> None:
    """Dollars a day, computed from the running tasks and the price table."""
    (cost,) = [it for it in widgets if it["properties"].get("title", "").startswith("Cost")]
    expressions = [row[0]["expression"] for row in cost["properties"]["metrics"] if isinstance(row[0], dict)]
    assert len(expressions) == 1
    assert "running" in expressions[0]


@pytest.mark.parametrize(
    ("title", "group", "words"),
    [
        (
            "Recent rate limit decisions",
            "/aws/lambda/huntaze-rate-limiter",
            ["message_id", "allowed", "retry_after", "tokens_remaining"],
        ),
        ("Scraping performance", "/huntaze/production/onlyfans-scraper", ["duration_ms", "status", "action"]),
    ],
)
def test_the_logs_are_queried_for(widgets: list[Json], title: str, group: str, words: list[str]) -> None:
    """By the fields that the code logs."""
    (widget,) = [it for it in widgets if it["type"] == "log" and it["properties"]["title"] == title]
    query = widget["properties"]["query"]
    assert query.startswith(f"SOURCE '{group}'")
    assert all(word in query for word in words)


@pytest.mark.requirement("5.4")
def test_no_widget_names_a_metric_that_nobody_publishes(widgets: list[Json]) -> None:
    """Ours by the names in the package, AWS's by theirs."""
    for widget in widgets:
        for namespace, name in _metrics(widget):
            assert name in (list(Metric) if namespace == NAMESPACE else OF_AWS[namespace])


def test_every_alarms_state_is_on_the_page(assembly: Assembly, widgets: list[Json]) -> None:
    """One row at the top."""
    (states,) = [it for it in widgets if it["type"] == "alarm"]
    assert len(states["properties"]["alarms"]) == len(assembly["Observability"].of_type("AWS::CloudWatch::Alarm"))
