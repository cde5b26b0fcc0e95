"""What an alarm, as the API describes it, asks to be evaluated."""

from collections.abc import Mapping
from typing import Any

from localprocs.alarms.queries import Query
from localprocs.alarms.threshold import MissingData, Threshold

type Alarm = dict[str, Any]
"""An alarm as DescribeAlarms tells it."""


PREVIOUS_STATE = "PreviousStateValue"
"""Kept in an alarm for its suppression, and not told."""


def described(alarm: Alarm) -> Alarm:
    """Return the alarm as the API tells it."""
    return {key: value for key, value in alarm.items() if key != PREVIOUS_STATE}


def is_composite(alarm: Mapping[str, Any]) -> bool:
    """Tell whether the alarm is made of others."""
    return "AlarmRule" in alarm


def threshold_of(alarm: Mapping[str, Any]) -> Threshold:
    """Return what the alarm compares its data points with."""
    missing = MissingData(alarm.get("TreatMissingData") or MissingData.MISSING)
    if any(namespace == "AWS/DynamoDB" for namespace in _namespaces(alarm)):
        missing = MissingData.IGNORE  # whatever the alarm says: AWS's rule
    periods = int(alarm["EvaluationPeriods"])
    return Threshold(
        comparison=alarm["ComparisonOperator"],
        limit=float(alarm["Threshold"]),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
        missing_data=missing,
    )


def queries_of(alarm: Mapping[str, Any]) -> list[Query]:
    """Return the alarm's metric data queries; one for an alarm on a single metric."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions") or [],
    }
    stat: dict[str, Any] = {"Metric": metric, "Period": int(alarm["Period"]), "Stat": statistic_of(alarm)}
    if alarm.get("Unit"):
        stat["Unit"] = alarm["Unit"]
    return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]


def watched_id(alarm: Mapping[str, Any]) -> str:
    """Return the Id of the one query whose data the alarm watches."""
    return next(str(query["Id"]) for query in queries_of(alarm) if query.get("ReturnData", True))


def statistic_of(alarm: Mapping[str, Any]) -> str | None:
    """Return the statistic of an alarm on a single metric."""
    return alarm.get("Statistic") or alarm.get("ExtendedStatistic")


def period_of(alarm: Mapping[str, Any]) -> int:
    """Return the length of the alarm's periods in seconds."""
    queries = queries_of(alarm)
    periods = [query["MetricStat"]["Period"] for query in queries if "MetricStat" in query]
    return int(next(iter([*periods, *(query["Period"] for query in queries if query.get("Period"))]), 60))


def _namespaces(alarm: Mapping[str, Any]) -> list[str]:
    return [query["MetricStat"]["Metric"]["Namespace"] for query in queries_of(alarm) if "MetricStat" in query]
