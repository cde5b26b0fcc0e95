"""When a stack takes a service for made."""

import time
from types import SimpleNamespace

import pytest
from localprocs.cloudformation.resource_type import Call
from localprocs.cloudformation.types.ecs import LIVED_SECONDS, DeploymentFailed, _is_drained, _runs


class Ecs:
    """A service of one task, so old."""

    def __init__(self, age=None, *, rollout="IN_PROGRESS", health_check=False, status="ACTIVE", desired=1):
        running = 0 if age is None else 1
        deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": rollout, "rolloutStateReason": "it ends"}
        deployment |= {"taskDefinition": "arn/task:1", "runningCount": running, "desiredCount": desired}
        self.service = {"status": status, "deployments": [deployment]}
        self.container = {"name": "c", **({"healthCheck": {}} if health_check else {})}
        self.age = age

    def describe_services(self, **_):
        return {"services": [self.service]}

    def describe_task_definition(self, **_):
        return {"taskDefinition": {"containerDefinitions": [self.container]}}

    def list_tasks(self, **_):
        return {"taskArns": [] if self.age is None else ["task"]}

    def describe_tasks(self, **_):
        return {"tasks": [{"startedBy": "ecs-svc/1", "startedAt": time.time() - self.age}]}


def ask(question, ecs):
    """Ask about a service of that ECS."""
    request = SimpleNamespace(aws_client_factory=SimpleNamespace(ecs=ecs))
    return question(Call(request, {"ServiceArn": "arn", "Name": "s", "TaskDefinition": "arn/task:1"}))


@pytest.mark.parametrize(
    ("ecs", "is_made"),
    [
        (Ecs(), False),
        (Ecs(age=0), False),
        (Ecs(age=LIVED_SECONDS + 1), True),
        (Ecs(age=0, health_check=True), True),
        (Ecs(desired=0), True),
    ],
    ids=["no task runs", "one has just begun", "one has lived", "one is checked by others", "none is wanted"],
)
def test_a_service_is_made_when_its_tasks_last(ecs, is_made):
    """One that ends at once is not taken for running in the moment that it does."""
    assert ask(_runs, ecs) is is_made


def test_a_deployment_that_was_given_up_fails_the_service():
    """With ECS's words."""
    with pytest.raises(DeploymentFailed, match="it ends"):
        ask(_runs, Ecs(rollout="FAILED"))


def test_a_service_is_gone_when_its_last_task_has_stopped():
    """Then its cluster can go."""
    assert not ask(_is_drained, Ecs(status="DRAINING"))
    assert ask(_is_drained, Ecs(status="INACTIVE"))
