"""A container's health from its probes."""

import pytest
from localprocs.ecs.policy.health import Check, Health, after_probe, next_probe_seconds

CHECK = Check(interval=30, timeout=5, retries=3, start_period=0)
PATIENT = Check(interval=30, timeout=5, retries=2, start_period=60)


def verdicts(check, probes):
    """Run probes, given as (age, passed), and return the status after each."""
    health, told = Health(), []
    for age, passed in probes:
        health = after_probe(health, check, passed=passed, age=age)
        told.append(health.status[:2])
    return told


@pytest.mark.parametrize(
    ("check", "probes", "expected"),
    [
        (CHECK, [(30, True)], ["HE"]),
        (CHECK, [(30, False), (60, False), (90, False)], ["UN", "UN", "UN"]),
        (CHECK, [(30, True), (60, False), (90, False), (120, False)], ["HE", "HE", "HE", "UN"]),
        (CHECK, [(30, False), (60, True), (90, False), (120, False)], ["UN", "HE", "HE", "HE"]),
        (PATIENT, [(5, False), (10, False), (15, False), (20, True)], ["UN", "UN", "UN", "HE"]),
        (PATIENT, [(5, True), (35, False), (65, False)], ["HE", "HE", "UN"]),
    ],
)
def test_health_changes_after_retries_in_a_row(check, probes, expected):
    """One pass makes it healthy; only failures in a row, outside the start period, make it unhealthy."""
    assert verdicts(check, probes) == expected


def test_failures_in_a_row_end_in_unhealthy():
    """UNKNOWN and UNHEALTHY are told apart."""
    health = Health()
    for age in (30, 60, 90):
        health = after_probe(health, CHECK, passed=False, age=age)

    assert health == Health("UNHEALTHY", 3)


def test_probes_are_more_frequent_until_the_first_verdict_of_the_start_period():
    """As Docker does with a start interval of five seconds."""
    assert next_probe_seconds(Health(), PATIENT, age=0) == 5
    assert next_probe_seconds(Health("HEALTHY"), PATIENT, age=5) == 30
    assert next_probe_seconds(Health(), PATIENT, age=60) == 30
    assert next_probe_seconds(Health(), CHECK, age=0) == 30


def test_a_check_has_the_defaults_of_ecs():
    """Interval 30, timeout 5, retries 3, no start period."""
    assert Check.of({"command": ["CMD", "true"]}) == Check(30, 5, 3, 0)
