"""Metric data are refused as AWS refuses them."""

from contextlib import nullcontext
from typing import Any

import pytest
from localprocs.alarms.validation import check_metric_data
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
