"""Metrics that metric filters make of log events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from localprocs.logs import filter_pattern

type Datum = dict[str, Any]


def data(
    filters: Iterable[Mapping[str, Any]], group: str, events: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Datum]]:
    """Yield what a batch of a group's events adds to metrics: the namespace, and what PutMetricData takes."""
    for each in filters:
        if each["logGroupName"] != group:
            continue
        pattern = filter_pattern.parse(each.get("filterPattern") or "")
        matching = [event for event in events if pattern.matches(event["message"])]
        for transformation in each.get("metricTransformations", []):
            yield from _made(pattern, transformation, matching)
            if not matching and events and transformation.get("defaultValue") is not None:
                yield (
                    transformation["metricNamespace"],
                    _datum(transformation, transformation["defaultValue"], events[-1]),
                )


def _made(
    pattern: filter_pattern.FilterPattern, transformation: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Datum]]:
    for event in events:
        value = _number(_resolved(pattern, event["message"], str(transformation["metricValue"])))
        dimensions = {
            name: _resolved(pattern, event["message"], selector)
            for name, selector in (transformation.get("dimensions") or {}).items()
        }
        if value is None or None in dimensions.values():
            continue
        datum = _datum(transformation, value, event)
        if dimensions:
            datum["Dimensions"] = [{"Name": name, "Value": str(found)} for name, found in dimensions.items()]
        yield transformation["metricNamespace"], datum


def _resolved(pattern: filter_pattern.FilterPattern, message: str, written: str) -> Any:
    return pattern.value(message, written) if written.startswith("$") else written


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _datum(transformation: Mapping[str, Any], value: float, event: Mapping[str, Any]) -> Datum:
    return {
        "MetricName": transformation["metricName"],
        "Value": value,
        "Timestamp": event["timestamp"] / 1000,
        "Unit": transformation.get("unit") or "None",
    }
