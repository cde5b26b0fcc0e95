"""Rotation rules."""

import pytest
from localprocs.secrets.schedule import DAY, UnknownSchedule, period_seconds


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        ({"AutomaticallyAfterDays": 90}, 90 * DAY),
        ({"ScheduleExpression": "rate(10 days)"}, 10 * DAY),
        ({"ScheduleExpression": "rate(4 hours)"}, 4 * 3600),
    ],
)
def test_a_period_is_read_from_the_rules(rules, seconds):
    """Days and rate expressions say the same."""
    assert period_seconds(rules) == seconds


@pytest.mark.parametrize("rules", [{}, {"AutomaticallyAfterDays": 1001}, {"ScheduleExpression": "cron(0 0 1 * ? *)"}])
def test_what_is_not_understood_is_refused(rules):
    """A secret must not stay unrotated in silence."""
    with pytest.raises(UnknownSchedule):
        period_seconds(rules)
