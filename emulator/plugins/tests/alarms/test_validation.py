"""Metric data are refused as AWS refuses them."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from localprocs.alarms.data_queries import answer
from localprocs.alarms.metrics import MetricStore
from localprocs.alarms.validation import check_metric_data, refused
from localstack.aws.api.cloudwatch import InvalidParameterCombinationException

VALUE = {"Value": 1.5}
VALUES = {"Values": [1.0, 10.0]}
FIGURES = {"StatisticValues": {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}}


@pytest.mark.parametrize(
    ("datum", "refused"),
    [
        (VALUE | VALUES, "MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive"),
        (VALUE | FIGURES, "MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive"),
        (VALUES | FIGURES, None),
        (VALUE, None),
        (FIGURES, None),
    ],
)
def test_a_value_stands_alone(datum: dict[str, Any], refused: str | None) -> None:
    """Lists and figures may stand together, as AWS has it."""
    with pytest.raises(InvalidParameterCombinationException, match=refused) if refused else nullcontext():
        check_metric_data([datum])


def test_a_refusal_bears_the_name_that_clients_of_json_are_told() -> None:
    """LocalStack tells them the class's name, those of the query protocol the code."""
    refusal = refused("no")
    assert (type(refusal).__name__, refusal.code) == ("ValidationException", "ValidationError")


@pytest.mark.parametrize(
    ("more", "labels"),
    [
        ([{"Stat": "Sum"}, {"Stat": "Average"}], ["Load Sum", "Load Average"]),
        ([{"Stat": "Sum"}, {"Stat": "Sum", "Period": 300}], ["Load 60", "Load 300"]),
        ([{"Stat": "Sum"}], ["Load"]),
    ],
)
def test_labels_say_what_tells_the_queries_apart(more: list[dict[str, Any]], labels: list[str]) -> None:
    """Where the queries give none."""
    store = MetricStore()
    metric = {"Namespace": "Test", "MetricName": "Load"}
    start = datetime(2026, 11, 29, tzinfo=UTC)
    queries = [{"Id": f"q{n}", "MetricStat": {"Metric": metric, "Period": 60} | it} for n, it in enumerate(more)]
    asked = {"MetricDataQueries": queries, "StartTime": start, "EndTime": start + timedelta(hours=1)}
    assert [it["Label"] for it in answer(store, asked)["MetricDataResults"]] == labels
