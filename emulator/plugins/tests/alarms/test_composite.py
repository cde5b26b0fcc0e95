"""Rules of composite alarms."""

import pytest
from localprocs.alarms.composite import RuleError, alarms_of, holds, parse, triggers
from localprocs.alarms.threshold import State

STATES = {"up": State.ALARM, "fine": State.OK, "new": State.INSUFFICIENT_DATA, "with a space": State.ALARM}
ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"


def state_of(name):
    """Find a state by name or ARN."""
    return STATES[name.removeprefix(ARN)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(up)", True),
        ("ALARM(fine)", False),
        ("OK(fine)", True),
        ("INSUFFICIENT_DATA(new)", True),
        ("ALARM(new)", False),
        ('ALARM("up")', True),
        ("ALARM('up')", True),
        ("ALARM( up )", True),
        ("ALARM(with a space)", True),
        (f'ALARM("{ARN}up")', True),
        ("TRUE", True),
        ("FALSE", False),
        ("NOT FALSE", True),
        ("NOT NOT ALARM(up)", True),
        ("ALARM(up) AND ALARM(fine)", False),
        ("ALARM(up) AND OK(fine)", True),
        ("ALARM(fine) OR ALARM(up)", True),
        # NOT before AND before OR
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("NOT FALSE AND FALSE", False),
        ("NOT (FALSE AND FALSE)", True),
        ("FALSE AND TRUE OR TRUE", True),
        ("(ALARM(up) OR ALARM(fine)) AND NOT (ALARM(new) OR OK(up))", True),
        ("ALARM(up)\n  AND\n  OK(fine)", True),
    ],
)
def test_rule_holds_as_written(rule, expected):
    """Each rule is true or false of these states."""
    assert holds(parse(rule), state_of) is expected


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "ALARM",
        "ALARM()",
        "ALARM(up",
        "alarm(up)",
        "ALARM(up) ALARM(fine)",
        "ALARM(up) AND",
        "AND TRUE",
        "(TRUE",
        "TRUE)",
        "XOR(up)",
        "TRUE XOR FALSE",
    ],
)
def test_rule_that_cannot_be_read_is_refused(rule):
    """What is no rule says where it stops being one."""
    with pytest.raises(RuleError, match="position"):
        parse(rule)


def test_rule_names_its_alarms():
    """Every alarm that a rule asks about is told, in order."""
    rule = 'ALARM("a") AND (NOT OK(b) OR INSUFFICIENT_DATA(c)) OR TRUE'
    assert list(alarms_of(parse(rule))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(up) AND NOT ALARM(fine)", ["up"]),
        ("ALARM(up) OR ALARM(new)", ["up"]),
        ("NOT ALARM(fine)", ["fine"]),
        ("ALARM(fine) OR ALARM(new)", ["fine", "new"]),
        ("ALARM(up) AND ALARM(fine)", ["fine"]),
        ("TRUE", []),
    ],
)
def test_rule_names_what_makes_it_true_or_false(rule, expected):
    """The alarms that a change is put down to."""
    assert triggers(parse(rule), state_of) == expected
