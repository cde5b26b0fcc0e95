"""What CloudWatch recorded: lines over the cloud's time, and alarms' states."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.console.reading import overview
from emulator.console.reading.overview import Alarm
from emulator.console.reading.place import Place
from emulator.drawing.charts import Chart, Points, Series, Stretch, a_minute, stretches
from huntaze_scraper.metric_names import NAMESPACE, Dimension, Metric
from huntaze_scraper.settings import ACCOUNT

MINUTE = 60
SPANS = {"1h": 3600, "3h": 3 * 3600, "12h": 12 * 3600, "3d": 3 * 86400}
"""How much can be shown, by its name in an address, in seconds."""
_MOST_POINTS = 360
OUTCOMES: Mapping[str, Sequence[str]] = {
    "succeeded": ("succeeded",),
    "failed": ("failed", "dead"),
    "rejected": ("rejected",),
    "told to wait": ("rate_limited",),
    "uncertain": ("uncertain",),
}
"""The metrics' words for how attempts end, by what a picture calls it."""


def read(place: Place, now: float, seconds: int) -> list[Chart]:
    """Return all pictures for so long before now."""
    period = max(MINUTE, -(-seconds // _MOST_POINTS // MINUTE) * MINUTE)
    start, end = now - seconds, now
    asked = _queries(place, period)
    found = _ask(place, asked, start, end)
    frame = {"start": start, "end": end}

    def lines(*names: str, is_step: bool = False) -> list[Series]:
        return [line(asked[key], found[key], is_step=is_step) for key in names]

    def line(query: Query, points: Points, *, is_step: bool) -> Series:
        if not query.counts:
            return Series(name=query.title, points=points, is_step=is_step)
        total = sum(count for _, count in points)
        return Series(name=query.title, points=a_minute(points, period, end), total=total)

    return [
        Chart(title="Messages on the queues", series=lines("ingress", "hidden", "workflows", "dead"), **frame),
        Chart(title="Tasks", series=lines("desired", "running", is_step=True), **frame),
        Chart(title="Turns of the limit a minute", series=lines("allowed", "turns"), limit=_limit(place), **frame),
        Chart(title="Attempts that ended, a minute", series=lines(*OUTCOMES), **frame),
        Chart(title="The site's answers a minute", series=lines("429", "5xx", "4xx"), **frame),
    ]


def alarms(place: Place, now: float, seconds: int) -> list[tuple[Alarm, list[Stretch]]]:
    """Return all alarms, each with its states for so long before now."""
    changes = defaultdict[str, list[tuple[float, str, str]]](list)
    pages = place.target.clients.cloudwatch.get_paginator("describe_alarm_history").paginate(
        HistoryItemType="StateUpdate", StartDate=_date(now - seconds), ScanBy="TimestampAscending"
    )
    for item in (item for page in pages for item in page["AlarmHistoryItems"]):
        told = json.loads(item["HistoryData"])
        before, after = (str(told.get(name, {}).get("stateValue", "")) for name in ("oldState", "newState"))
        changes[item["AlarmName"]].append((min(item["Timestamp"].timestamp(), now), before, after))
    return [(it, stretches(it.state, changes[it.name], now - seconds, now)) for it in overview.read_alarms(place)]


def _date(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _limit(place: Place) -> float | None:
    """Return how many jobs a minute the limiter was deployed to forward; None where each account has a limit of its own."""
    told = place.target.clients.lambda_.get_function_configuration(FunctionName=place.target.lambda_function)
    variables = told.get("Environment", {}).get("Variables", {})
    if variables.get("RATE_LIMIT_SCOPE") == ACCOUNT or "RATE_LIMIT_CAPACITY" not in variables:
        return None
    return float(variables["RATE_LIMIT_CAPACITY"]) * MINUTE / float(variables.get("RATE_LIMIT_WINDOW_SECONDS", MINUTE))


@dataclass(frozen=True)
class Query:
    """A line of a picture, and what CloudWatch is asked for it."""

    title: str
    asked: Mapping[str, Any]
    counts: bool = False
    """It counts what happened in a period, and is shown as so many a minute."""


def _queries(place: Place, period: int) -> dict[str, Query]:
    queue = {name: url.rpartition("/")[2] for name, url in place.queues.items()}
    tasks = {"ClusterName": place.cluster, "ServiceName": place.service}

    def level(title: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> Query:
        return Query(title, _metric(namespace, metric, dimensions, period, "Maximum"))

    def held(title: str, name: str, metric: str = "ApproximateNumberOfMessagesVisible") -> Query:
        return level(title, "AWS/SQS", metric, {"QueueName": queue[name]})

    def count(title: str, metric: Metric, statistic: str = "Sum") -> Query:
        return Query(title, _metric(NAMESPACE, metric, {}, period, statistic), counts=True)

    return {
        "ingress": held("ingress", "ingress"),
        "hidden": held("waiting for their turn", "ingress", "ApproximateNumberOfMessagesNotVisible"),
        "workflows": held("workflows", "workflows"),
        "dead": held("dead letters", "workflows-dlq"),
        "desired": level("wanted", "ECS/ContainerInsights", "DesiredTaskCount", tasks),
        "running": level("running", "ECS/ContainerInsights", "RunningTaskCount", tasks),
        "allowed": count("forwarded", Metric.RATE_LIMIT_ALLOWED_COUNT),
        "turns": count("taken at the site", Metric.TURN_WAIT_MS, "SampleCount"),
        "429": count("429", Metric.ONLYFANS_429_COUNT),
        "5xx": count("5xx", Metric.ONLYFANS_5XX_COUNT),
        "4xx": count("other 4xx", Metric.ONLYFANS_4XX_COUNT),
    } | {key: Query(key, _attempts(statuses, period), counts=True) for key, statuses in OUTCOMES.items()}


def _metric(namespace: str, name: str, dimensions: Mapping[str, str], period: int, statistic: str) -> dict[str, Any]:
    pairs = [{"Name": each, "Value": value} for each, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": str(name), "Dimensions": pairs}
    return {"MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}


def _attempts(statuses: Sequence[str], period: int) -> dict[str, Any]:
    """Ask how many attempts ended so: of all actions and accounts, whose metrics are one each."""
    ended = " OR ".join(f'{Dimension.STATUS}="{it}"' for it in statuses)
    search = f'Namespace="{NAMESPACE}" MetricName="{Metric.SCRAPING_DURATION_MS}" ({ended})'
    return {"Expression": f"SUM(SEARCH('{search}', 'SampleCount', {period}))", "Period": period}


def _ask(place: Place, queries: Mapping[str, Query], start: float, end: float) -> dict[str, Points]:
    ids = {key: f"q{number}" for number, key in enumerate(queries)}
    wanted: Any = [{"Id": ids[key], **query.asked} for key, query in queries.items()]
    answers = place.target.clients.cloudwatch.get_metric_data(
        MetricDataQueries=wanted,
        StartTime=_date(start),
        EndTime=_date(end),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    told = {
        it["Id"]: [(at.timestamp(), value) for at, value in zip(it["Timestamps"], it["Values"], strict=True)]
        for it in answers
    }
    return {key: told.get(it, []) for key, it in ids.items()}
