"""The order of a task's containers."""

import pytest
from localprocs.ecs.model import Container
from localprocs.ecs.order import give_up_at, is_met, stop_waves


def container(name="a", *needs, **state):
    """A container that needs others."""
    depends = [{"containerName": each, "condition": "START"} for each in needs]
    return Container({"name": name, "dependsOn": depends}, "arn", name, **state)


@pytest.mark.parametrize(
    ("condition", "state", "expected"),
    [
        ("START", {}, False),
        ("START", {"last_status": "RUNNING"}, True),
        ("COMPLETE", {"last_status": "RUNNING"}, False),
        ("COMPLETE", {"last_status": "STOPPED", "exit_code": 1}, True),
        ("SUCCESS", {"last_status": "STOPPED", "exit_code": 0}, True),
        ("SUCCESS", {"last_status": "STOPPED", "exit_code": 1}, None),
        ("HEALTHY", {"last_status": "RUNNING"}, False),
        ("HEALTHY", {"last_status": "RUNNING", "health": "HEALTHY"}, True),
        ("HEALTHY", {"last_status": "RUNNING", "health": "UNHEALTHY"}, None),
        ("HEALTHY", {"last_status": "STOPPED", "exit_code": 0}, None),
    ],
)
def test_a_dependency_is_met_open_or_lost(condition, state, expected):
    """None where it can never be met any more."""
    assert is_met(condition, container(**state)) is expected


def test_containers_stop_before_those_that_they_depend_on():
    """In the reverse of their start."""
    waves = stop_waves([container("base"), container("app", "base"), container("side", "app"), container("alone")])

    assert [[each.name for each in wave] for wave in waves] == [["side", "alone"], ["app"], ["base"]]


def test_a_dependency_is_given_up_after_its_start_timeout():
    """Counted from its start; without one it is waited for as long as it takes."""
    slow = container("slow", last_status="RUNNING", started_at=100.0)
    slow.definition["startTimeout"] = 60
    patient = container("patient", last_status="RUNNING", started_at=100.0)

    assert give_up_at([container("app", "slow")], [slow, patient]) == 160.0
    assert give_up_at([container("app", "patient")], [slow, patient]) is None
    assert give_up_at([], [slow, patient]) is None
