"""Experiments of FIS act, in their order, and undo what they did to others."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from localprocs.chaos.fis import experiments, templates
from localprocs.chaos.fis.experiments import Experiment
from localprocs.chaos.fis.templates import InvalidTemplate, check, duration_seconds, select
from localprocs.chaos.rules import Call, Rules

ROLE, WORKER = "arn:aws:iam::1:role/fis", "arn:aws:iam::1:role/worker"
TASKS = [f"arn:aws:ecs:us-east-1:1:task/c/{number}" for number in range(4)]
PATIENCE_SECONDS = 30


class World:
    """Notes what an experiment does."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.refusal: Exception | None = None
        self.in_alarm = False

    def tasks(self, target: Mapping[str, Any], *, on_spot: bool) -> list[str]:
        return list(target.get("resourceArns") or (TASKS[:1] if on_spot else TASKS))

    def stop(self, role: str, task: str) -> None:
        assert role == ROLE
        self.done.append(("stop", task))

    def interrupt(self, task: str) -> None:
        self.done.append(("interrupt", task))

    def take_on(self, role: str) -> None:
        assert role == ROLE
        if self.refusal:
            raise self.refusal

    def is_in_alarm(self, alarm: str) -> bool:
        return self.in_alarm and bool(alarm)


class Watched(Rules):
    """Rules that say when there are some."""

    def __init__(self) -> None:
        super().__init__()
        self.added = threading.Event()

    def add(self, given: Any) -> Any:
        rules = super().add(given)
        self.added.set()
        return rules


def template(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A template of actions a, b, c … with targets of tasks and of a role."""
    return {
        "id": "EXT1",
        "roleArn": ROLE,
        "targets": {
            "tasks": {"resourceType": templates.TASK, "selectionMode": "COUNT(2)"},
            "roles": {"resourceType": templates.ROLE, "selectionMode": "ALL", "resourceArns": [WORKER]},
        },
        "actions": dict(zip("abc", actions, strict=False)),
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "arn:aws:cloudwatch:us-east-1:1:alarm:x"}],
        **more,
    }


STOP = {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "tasks"}}
INTERRUPT = {"actionId": "aws:ec2:send-spot-instance-interruptions", "targets": {"SpotInstances": "tasks"}}
THROTTLE = {
    "actionId": "aws:fis:inject-api-throttle-error",
    "parameters": {
        "service": "sqs",
        "operations": "SendMessage,ReceiveMessage",
        "percentage": "100",
        "duration": "PT1H",
    },
    "targets": {"Roles": "roles"},
}
SLOW = {
    "actionId": "localstack:generic:latency",
    "parameters": {"service": "s3", "latencyMilliseconds": "1500", "duration": "PT0S"},
}


def carried_out(world: World, faults: Rules, *actions: dict[str, Any]) -> Experiment:
    """Carry an experiment out."""
    experiment = Experiment("EXP1", template(*actions), world, faults)
    experiment.run()
    return experiment


def test_tasks_are_stopped_and_interrupted_one_after_the_other() -> None:
    """As many as the target's selection says, the same each time; only those on Spot are interrupted."""
    world = World()
    experiment = carried_out(world, Rules(), STOP, {**INTERRUPT, "startAfter": ["a"]})
    chosen = select("COUNT(2)", TASKS, "EXT1/tasks")
    assert world.done == [*(("stop", task) for task in chosen), ("interrupt", TASKS[0])]
    assert (experiment.status, experiment.states) == ("completed", {"a": "completed", "b": "completed"})


def test_an_interruption_that_is_to_come_holds_up_nobody() -> None:
    """Beside it an action ends at its own time; a stop of the experiment spares the tasks."""
    world, faults = World(), Watched()
    later = {**INTERRUPT, "parameters": {"durationBeforeInterruption": "PT10M"}}
    wait = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT0S"}}
    experiment = Experiment("EXP1", template(later, wait, {**THROTTLE, "startAfter": ["b"]}), world, faults)
    thread = experiment.start()
    assert faults.added.wait(PATIENCE_SECONDS)
    experiment.stop()
    thread.join(PATIENCE_SECONDS)
    assert (experiment.states, world.done) == ({"a": "stopped", "b": "completed", "c": "stopped"}, [])


def test_errors_are_injected_for_as_long_as_the_action_runs() -> None:
    """For the role that is its target; a stop ends them at once."""
    faults = Watched()
    experiment = Experiment("EXP1", template(THROTTLE), World(), faults)
    thread = experiment.start()
    assert faults.added.wait(PATIENCE_SECONDS)
    met = faults.effect(Call("sqs", "SendMessage", "us-east-1", WORKER))
    assert met.failure
    assert met.failure.code == "RequestThrottled"
    for other in (Call("sqs", "DeleteMessage", "us-east-1", WORKER), Call("sqs", "SendMessage", "us-east-1", ROLE)):
        assert not faults.effect(other).failure

    experiment.stop()
    thread.join(PATIENCE_SECONDS)
    assert not faults
    assert (experiment.status, experiment.states) == ("stopped", {"a": "stopped"})


def test_latency_is_added_and_taken_away() -> None:
    """It is a rule for all callers, while the action lasts."""
    assert templates.rules(SLOW, []) == [
        {"service": "s3", "operation": "*", "probability": 1.0, "latency": 1500.0, "callers": "all"}
    ]
    faults = Rules()
    assert carried_out(World(), faults, SLOW).status == "completed"
    assert not faults


def test_an_alarm_stops_it() -> None:
    """And says which."""
    world = World()
    world.in_alarm = True
    experiment = carried_out(world, Rules(), THROTTLE)
    assert (experiment.status, experiment.states["a"]) == ("stopped", "stopped")
    assert "alarm:x" in experiment.reason


def test_a_role_that_may_not_be_taken_on_fails_it() -> None:
    """Nothing is done then, nor where no target is found."""
    world = World()
    world.refusal = PermissionError("not authorized to perform: sts:AssumeRole")
    refused = carried_out(world, Rules(), STOP)
    assert (refused.status, refused.states, world.done) == ("failed", {"a": "cancelled"}, [])
    assert "sts:AssumeRole" in refused.reason

    world.refusal = None
    world.tasks = lambda _, **__: []  # type: ignore[method-assign]
    assert "empty set" in carried_out(world, Rules(), STOP).reason


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (template(), "no actions"),
        (template({"actionId": "aws:rds:reboot-db-instances"}), "not emulated"),
        (template({**STOP, "targets": {"Tasks": "roles"}}), "needs a target Tasks"),
        (template({**STOP, "startAfter": ["z"]}), "which there is not"),
        (template({**STOP, "startAfter": ["b"]}, {**STOP, "startAfter": ["a"]}), "circle"),
        (template({"actionId": "aws:fis:wait", "parameters": {"duration": "5 minutes"}}), "duration"),
        (template(STOP, stopConditions=[{"source": "weather"}]), "stop condition"),
        (
            template(STOP, targets={"tasks": {"resourceType": templates.TASK, "selectionMode": "SOME"}}),
            "selection mode",
        ),
    ],
)
def test_a_template_that_makes_no_sense_is_refused(wrong: dict[str, Any], said: str) -> None:
    """When it is made, not when it runs."""
    with pytest.raises(InvalidTemplate, match=said):
        check(wrong)


def test_durations_are_as_aws_writes_them() -> None:
    """Hours, minutes, seconds."""
    assert [duration_seconds(it) for it in ("PT1H", "PT2M", "PT30S", "PT1H30M5S")] == [3600, 120, 30, 5405]


def test_the_notice_before_an_interruption_is_two_minutes() -> None:
    """As Spot's is."""
    assert experiments.NOTICE_SECONDS == 120
