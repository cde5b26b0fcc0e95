"""What an alarm's notification tells."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from localprocs.alarms.notifications import sns_message

NOW = datetime(2026, 11, 29, tzinfo=UTC)
ALARM = {
    "AlarmName": "load",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:load",
    "Namespace": "Test",
    "MetricName": "Load",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 10.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
    "StateValue": "ALARM",
    "StateReason": "it is so",
    "StateUpdatedTimestamp": NOW,
    "StateTransitionedTimestamp": NOW,
    "AlarmConfigurationUpdatedTimestamp": NOW,
}


@pytest.mark.parametrize("given", [{}, {"DatapointsToAlarm": 1}])
def test_data_points_to_alarm_are_told_where_the_alarm_has_them(given: dict[str, Any]) -> None:
    """Where it has not, all of its periods count, and AWS does not say so."""
    told = json.loads(sns_message(ALARM | given, "OK", "000000000000", "us-east-1"))["Trigger"]
    assert {name: value for name, value in told.items() if name == "DatapointsToAlarm"} == given
