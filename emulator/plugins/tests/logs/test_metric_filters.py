"""Metric filters count what they mean."""

from typing import Any

from localprocs.logs.metric_filters import data

GROUP = "g"


def made(pattern: str, *messages: str, group: str = GROUP, **transformation: Any) -> list[tuple[Any, ...]]:
    """Return value, unit and dimensions of what a filter makes of messages."""
    filters = [
        {
            "logGroupName": group,
            "filterPattern": pattern,
            "metricTransformations": [
                {"metricName": "m", "metricNamespace": "n", "metricValue": "1", **transformation}
            ],
        }
    ]
    events = [{"timestamp": 1000, "message": message} for message in messages]
    found = list(data(filters, GROUP, events))
    assert all(namespace == "n" and datum["Timestamp"] == 1 for namespace, datum in found)
    return [
        (datum["Value"], datum["Unit"], {it["Name"]: it["Value"] for it in datum.get("Dimensions", [])})
        for _, datum in found
    ]


def test_each_matching_event_counts() -> None:
    """And no other, nor another group's."""
    assert made("ERROR", "ERROR a", "fine", "ERROR b") == [(1, "None", {})] * 2
    assert made("ERROR", "ERROR a", group="other") == []


def test_a_value_and_dimensions_are_taken_from_the_event() -> None:
    """An event without them makes no datum."""
    messages = ['{"took": 12.5, "action": "send"}', '{"action": "send"}', '{"took": 3}']
    found = made(
        "{ $.took = * }", *messages, metricValue="$.took", unit="Milliseconds", dimensions={"Action": "$.action"}
    )
    assert found == [(12.5, "Milliseconds", {"Action": "send"})]


def test_events_of_which_none_matches_count_as_the_default() -> None:
    """No events at all count as nothing."""
    assert made("ERROR", "fine", defaultValue=0.0) == [(0.0, "None", {})]
    assert made("ERROR", defaultValue=0.0) == []
