"""The two alarms that a target tracking policy makes for itself."""

import uuid
from collections.abc import Mapping
from typing import Any

from localprocs.alarms.book import AlarmBook
from localprocs.autoscaling.targets import Policy

HIGH_PERIODS = 3
LOW_PERIODS = 15
LOW_SHARE = 0.9
_PREDEFINED = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}


class UnknownMetricError(ValueError):
    """The policy names a metric that is not emulated."""


def put_alarms(book: AlarmBook, policy: Policy) -> None:
    """Make the policy's alarms, or bring them up to its configuration."""
    target = float(policy.configuration["TargetValue"])
    sides = {"High": ("GreaterThanThreshold", target, HIGH_PERIODS)}
    if not policy.configuration.get("DisableScaleIn"):
        sides["Low"] = ("LessThanThreshold", _tidy(target * LOW_SHARE), LOW_PERIODS)
    metric = _watched(policy)
    for gone in policy.alarm_names.keys() - sides.keys():
        book.delete(policy.alarm_names.pop(gone))
    for side, (comparison, threshold, periods) in sides.items():
        name = policy.alarm_names.setdefault(
            side, f"TargetTracking-{policy.key.resource_id}-Alarm{side}-{uuid.uuid4()}"
        )
        book.put(
            {
                "AlarmName": name,
                "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
                "ActionsEnabled": True,
                "AlarmActions": [policy.arn],
                "EvaluationPeriods": periods,
                "Threshold": threshold,
                "ComparisonOperator": comparison,
                **metric,
            }
        )


def delete_alarms(book: AlarmBook, policy: Policy) -> None:
    """Take the policy's alarms away."""
    for name in policy.alarm_names.values():
        book.delete(name)
    policy.alarm_names.clear()


def _watched(policy: Policy) -> dict[str, Any]:
    if predefined := policy.configuration.get("PredefinedMetricSpecification"):
        kind = predefined["PredefinedMetricType"]
        if kind not in _PREDEFINED:
            message = f"The predefined metric {kind} is not emulated"
            raise UnknownMetricError(message)
        _, cluster, service = policy.key.resource_id.split("/")
        return {
            "Namespace": "AWS/ECS",
            "MetricName": _PREDEFINED[kind],
            "Dimensions": [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}],
            "Statistic": "Average",
            "Period": 60,
            "Unit": "Percent",
        }
    customized = policy.configuration["CustomizedMetricSpecification"]
    if metrics := customized.get("Metrics"):
        return {"Metrics": [_query(query) for query in metrics]}
    return {
        "Namespace": customized["Namespace"],
        "MetricName": customized["MetricName"],
        "Dimensions": customized.get("Dimensions") or [],
        "Statistic": customized["Statistic"],
        "Period": customized.get("Period") or 60,
        "Unit": customized.get("Unit"),
    }


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a policy's query into an alarm's: those name a period, a policy's are always of a minute."""
    told = {key: value for key, value in query.items() if key != "MetricStat"}
    if stat := query.get("MetricStat"):
        told["MetricStat"] = {"Period": 60, **stat}
    return told


def _tidy(number: float) -> float:
    return round(number, 9)
