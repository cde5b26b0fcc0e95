"""AWS's tables of alarm states, and the rules between their rows."""

import pytest
from localprocs.alarms.threshold import MissingData, State, Threshold, judge

KEEP = "keep"
"""The current state stays."""


def points_of(drawn: str) -> list[float | None]:
    """Read AWS's drawing: 0 within the threshold, X breaching, - missing; the newest at the right."""
    return [{"0": 0.0, "X": 9.0, "-": None}[mark] for mark in drawn.replace(" ", "")]


# A row: the drawing, how many must breach, of how many, and the state for each treatment of missing data.
DOCUMENTED = [
    # User Guide, "How alarm state is evaluated when data is missing", 3 of 3, range of 5.
    ("0 - X - X", 3, 3, "OK", "OK", "OK", "OK"),
    ("0 - - - -", 3, 3, "OK", "OK", "OK", "OK"),
    ("- - - - -", 3, 3, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
    ("0 X X - X", 3, 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", 3, 3, "ALARM", KEEP, "ALARM", "OK"),
    # the same, 2 of 3
    ("0 - X - X", 2, 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", 2, 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", 2, 3, "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", 2, 3, "OK", "OK", "ALARM", "OK"),
    ("- - - X -", 2, 3, "ALARM", KEEP, "ALARM", "OK"),
    # "Avoiding premature transitions to alarm state", and the guide's earlier table
    ("- - - - X", 3, 3, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
    ("- - - X -", 3, 3, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
    ("X - - - -", 3, 3, "ALARM", KEEP, "ALARM", "OK"),
    ("- - - - X", 2, 3, "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
]
UNWRITTEN = [
    # "Fewer than M breaching is OK, otherwise ALARM": real data that suffice need no other.
    ("- - - X X", 2, 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - - - X", 1, 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - - - X", 1, 1, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - 0", 1, 1, "OK", "OK", "OK", "OK"),
    # The newest is missing: the one before stands in for it.
    ("- - - X -", 1, 1, "ALARM", "ALARM", "ALARM", "ALARM"),
    ("X X X 0 0", 3, 3, "OK", "OK", "OK", "OK"),
    ("0 0 X X X", 3, 3, "ALARM", "ALARM", "ALARM", "ALARM"),
    # Data points beyond the needed number are not looked at.
    ("X X 0 0 0", 1, 3, "OK", "OK", "OK", "OK"),
]


@pytest.mark.parametrize(
    ("drawn", "needed", "periods", "missing", "ignore", "breaching", "not_breaching"), DOCUMENTED + UNWRITTEN
)
@pytest.mark.parametrize("current", list(State))
def test_alarm_takes_the_documented_state(drawn, needed, periods, missing, ignore, breaching, not_breaching, current):
    """Each row of AWS's tables holds for each treatment of missing data, whatever state the alarm is in."""
    expected = dict(
        zip(
            ("missing", "ignore", "breaching", "notBreaching"), (missing, ignore, breaching, not_breaching), strict=True
        )
    )
    for treatment, state in expected.items():
        threshold = Threshold("GreaterThanThreshold", 1.0, periods, needed, MissingData(treatment))
        verdict = judge(threshold, points_of(drawn), current)
        assert verdict.state == (current if state == KEEP else state), treatment


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_each_comparison_means_what_its_name_says(comparison, below, equal, above):
    """A value below, at and above the threshold breaches as the operator's name says."""
    threshold = Threshold(comparison, 5.0, 1, 1)
    states = [judge(threshold, [value], State.OK).state for value in (4.0, 5.0, 6.0)]
    assert states == [below, equal, above]


@pytest.mark.parametrize(("periods", "expected"), [(1, 3), (3, 5), (15, 20)])
def test_evaluation_range_is_wider_than_the_evaluation_periods(periods, expected):
    """More data points are fetched than needed; five for three, as in AWS's example."""
    assert Threshold("GreaterThanThreshold", 1.0, periods, periods).evaluation_range == expected


def test_fifteen_of_fifteen_needs_every_minute():
    """The low alarm of target tracking: fourteen quiet minutes are not enough, fifteen are."""
    threshold = Threshold("LessThanThreshold", 90.0, 15, 15)
    assert judge(threshold, [100.0] * 6 + [0.0] * 14, State.OK).state == "OK"
    assert judge(threshold, [100.0] * 5 + [0.0] * 15, State.OK).state == "ALARM"
