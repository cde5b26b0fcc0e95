"""What CloudWatch recorded: lines over the cloud's time, and alarms' states."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from emulator.console.reading import overview
from emulator.console.reading.overview import Alarm
from emulator.console.reading.place import Place
from emulator.drawing.charts import Chart, Series, Stretch, stretches
from huntaze_scraper.metric_names import NAMESPACE, Metric

MINUTE = 60
SPANS = {"1h": 3600, "3h": 3 * 3600, "12h": 12 * 3600, "3d": 3 * 86400}
"""How much can be shown, by its name in an address, in seconds."""
_MOST_POINTS = 360


def read(place: Place, now: float, seconds: int) -> list[Chart]:
    """Return all pictures for so long before now."""
    period = max(MINUTE, -(-seconds // _MOST_POINTS // MINUTE) * MINUTE)
    start, end = now - seconds, now
    asked = _queries(place, period)
    found = _ask(place, asked, start, end)
    frame = {"start": start, "end": end}

    def lines(*names: str, is_step: bool = False) -> list[Series]:
        return [Series(name=title, points=found[key], is_step=is_step) for key in names for title in [asked[key][0]]]

    return [
        Chart(title="Messages on the queues", series=lines("ingress", "hidden", "workflows", "dead"), **frame),
        Chart(title="Tasks", series=lines("desired", "running", is_step=True), **frame),
        Chart(title="Turns of the limit a minute", series=lines("allowed", "turns"), limit=_limit(place), **frame),
        Chart(title="Attempts a minute", series=lines("attempts", "succeeded"), **frame),
        Chart(title="The site's answers a minute", series=lines("429", "5xx", "4xx"), **frame),
    ]


def alarms(place: Place, now: float, seconds: int) -> list[tuple[Alarm, list[Stretch]]]:
    """Return all alarms, each with its states for so long before now."""
    changes = defaultdict[str, list[tuple[float, str, str]]](list)
    pages = place.target.clients.cloudwatch.get_paginator("describe_alarm_history").paginate(
        HistoryItemType="StateUpdate", StartDate=_date(now - seconds), EndDate=_date(now), ScanBy="TimestampAscending"
    )
    for item in (item for page in pages for item in page["AlarmHistoryItems"]):
        told = json.loads(item["HistoryData"])
        before, after = (str(told.get(name, {}).get("stateValue", "")) for name in ("oldState", "newState"))
        changes[item["AlarmName"]].append((item["Timestamp"].timestamp(), before, after))
    return [(it, stretches(it.state, changes[it.name], now - seconds, now)) for it in overview.read_alarms(place)]


def _date(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _limit(place: Place) -> float | None:
    """Return the capacity that the limiter was deployed with."""
    told = place.target.clients.lambda_.get_function_configuration(FunctionName=place.target.lambda_function)
    return float(told.get("Environment", {}).get("Variables", {}).get("RATE_LIMIT_CAPACITY", 0)) or None


type Query = tuple[str, dict[str, Any], str]
"""Title, metric, statistic."""


def _queries(place: Place, period: int) -> dict[str, Query]:
    queue = {name: url.rpartition("/")[2] for name, url in place.queues.items()}
    tasks = {"ClusterName": place.cluster, "ServiceName": place.service}

    def sqs(name: str, metric: str) -> dict[str, Any]:
        return _metric("AWS/SQS", metric, {"QueueName": queue[name]}, period)

    def ours(metric: Metric) -> dict[str, Any]:
        return _metric(NAMESPACE, metric, {}, period)

    def ecs(metric: str) -> dict[str, Any]:
        return _metric("ECS/ContainerInsights", metric, tasks, period)

    visible, hidden = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
    return {
        "ingress": ("ingress", sqs("ingress", visible), "Maximum"),
        "hidden": ("waiting for their turn", sqs("ingress", hidden), "Maximum"),
        "workflows": ("workflows", sqs("workflows", visible), "Maximum"),
        "dead": ("dead letters", sqs("workflows-dlq", visible), "Maximum"),
        "desired": ("wanted", ecs("DesiredTaskCount"), "Maximum"),
        "running": ("running", ecs("RunningTaskCount"), "Maximum"),
        "allowed": ("forwarded", ours(Metric.RATE_LIMIT_ALLOWED_COUNT), "Sum"),
        "turns": ("taken at the site", ours(Metric.TURN_WAIT_MS), "SampleCount"),
        "attempts": ("attempts", ours(Metric.SCRAPING_DURATION_MS), "SampleCount"),
        "succeeded": ("succeeded", ours(Metric.SCRAPING_SUCCESS_RATE), "Sum"),
        "429": ("429", ours(Metric.ONLYFANS_429_COUNT), "Sum"),
        "5xx": ("5xx", ours(Metric.ONLYFANS_5XX_COUNT), "Sum"),
        "4xx": ("other 4xx", ours(Metric.ONLYFANS_4XX_COUNT), "Sum"),
    }


def _metric(namespace: str, name: str, dimensions: Mapping[str, str], period: int) -> dict[str, Any]:
    pairs = [{"Name": each, "Value": value} for each, value in dimensions.items()]
    return {"Metric": {"Namespace": namespace, "MetricName": str(name), "Dimensions": pairs}, "Period": period}


def _ask(
    place: Place, queries: Mapping[str, Query], start: float, end: float
) -> dict[str, Sequence[tuple[float, float]]]:
    wanted: Any = [
        {"Id": f"q_{key}", "MetricStat": metric | {"Stat": statistic}}
        for key, (_, metric, statistic) in queries.items()
    ]
    answers = place.target.clients.cloudwatch.get_metric_data(
        MetricDataQueries=wanted,
        StartTime=_date(start),
        EndTime=_date(end),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    found = {
        it["Id"].removeprefix("q_"): sorted(
            (at.timestamp(), value) for at, value in zip(it["Timestamps"], it["Values"], strict=True)
        )
        for it in answers
    }
    # Jobs that succeeded were recorded as 100 each.
    found["succeeded"] = [(at, value / 100) for at, value in found.get("succeeded", [])]
    return {key: found.get(key, []) for key in queries}
