"""Permissions of the deployed roles, taken away for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emulator.harness.clients import Clients
from emulator.harness.pipeline import Pipeline
from infra_cdk import names


@contextmanager
def without(clients: Clients, role_arn: str, action: str) -> Iterator[None]:
    """Take one action out of the role's policies meanwhile."""
    role = role_arn.rpartition("/")[2]
    before = {
        policy: clients.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for policy in clients.iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    after = {policy: _less(document, action) for policy, document in before.items()}
    assert after != before, f"{role} may not do {action} at all"
    _write(clients, role, after)
    try:
        yield
    finally:
        _write(clients, role, before)


def limiter_role(clients: Clients) -> str:
    """Return the ARN of the limiter's role."""
    return clients.lambda_.get_function(FunctionName=names.LIMITER_FUNCTION)["Configuration"]["Role"]


def task_roles(pipeline: Pipeline) -> tuple[str, str]:
    """Return the ARNs of the scraper's task role and of its execution role."""
    ecs, run = pipeline.clients.ecs, pipeline.run
    service = ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return task["taskRoleArn"], task["executionRoleArn"]


def listed(actions: str | list[str]) -> list[str]:
    """Return a statement's actions as a list, as a policy may write one alone."""
    return [actions] if isinstance(actions, str) else actions


def _less(document: Any, action: str) -> dict[str, Any]:
    statements = [
        {**it, "Action": [name for name in listed(it["Action"]) if name != action]} for it in document["Statement"]
    ]
    return {**document, "Statement": [it for it in statements if it["Action"]]}


def _write(clients: Clients, role: str, policies: dict[str, Any]) -> None:
    for policy, document in policies.items():
        clients.iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
