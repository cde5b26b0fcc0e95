"""The order of a task's containers."""

import pytest
from localprocs.ecs.model import Container
from localprocs.ecs.order import is_met, stop_waves


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
