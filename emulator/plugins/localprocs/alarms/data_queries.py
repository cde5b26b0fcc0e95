"""GetMetricData: series of metrics and expressions, as dashboards ask for them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localprocs.alarms.expressions import ExpressionError
from localprocs.alarms.metric_math import Series, as_list
from localprocs.alarms.metrics import MINUTE, MetricStore
from localprocs.alarms.queries import Queries, Query
from localprocs.alarms.samples import is_statistic
from localprocs.alarms.validation import refused


def answer(store: MetricStore, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the request asks for; all in one page."""
    queries: list[Query] = list(request["MetricDataQueries"])
    _check(queries)
    start, end = int(request["StartTime"].timestamp()), int(request["EndTime"].timestamp())
    if start >= end:
        message = "The parameter StartTime must be less than the parameter EndTime."
        raise refused(message)
    computed = Queries(store, queries, start, end, may_search=True)
    step = min(computed.period, MINUTE)
    computed = Queries(store, queries, start // step * step, end, may_search=True)
    newest_first = request.get("ScanBy") != "TimestampAscending"
    telling = _telling_apart(queries)
    results = [
        _told(query, series, telling, newest_first=newest_first)
        for query in queries
        if query.get("ReturnData", True)
        for series in _series(computed, query)
    ]
    return {"MetricDataResults": results, "Messages": []}


def _check(queries: list[Query]) -> None:
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            message = f"Either MetricStat or Expression must be given for {query['Id']}"
            raise refused(message)
        if "MetricStat" in query and not is_statistic(query["MetricStat"]["Stat"]):
            message = f"The value {query['MetricStat']['Stat']} for parameter MetricDataQueries.Stat is not supported."
            raise refused(message)


def _series(computed: Queries, query: Query) -> list[Series]:
    try:
        return as_list(computed.value(query["Id"]))
    except (ExpressionError, KeyError) as error:
        raise refused(str(error)) from None


def _telling_apart(queries: list[Query]) -> list[str]:
    """Return what the labels of metrics must say besides their names, where the queries give none."""
    stats = [query["MetricStat"] for query in queries if "MetricStat" in query and query.get("ReturnData", True)]
    return [name for name in ("Stat", "Period") if len({stat[name] for stat in stats}) > 1]


def _told(query: Query, series: Series, telling: list[str], *, newest_first: bool) -> dict[str, Any]:
    times = sorted(series.points, reverse=newest_first)
    label = query.get("Label")
    if not label and "MetricStat" in query:
        label = " ".join([series.label, *(str(query["MetricStat"][name]) for name in telling)])
    if label and series.label and label != series.label and "Expression" in query:
        label = f"{label} {series.label}"
    return {
        "Id": query["Id"],
        "Label": label or series.label or query["Id"],
        "StatusCode": "Complete",
        "Timestamps": [datetime.fromtimestamp(time, UTC) for time in times],
        "Values": [series.points[time] for time in times],
    }
