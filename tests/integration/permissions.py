"""What the deployed roles may do, what they did of it, and what happens when they may do less."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from localprocs.host import deployment
from localprocs.host.assembly import Place, stacks

from emulator.harness.clients import ACCOUNT_ID, REGION, Clients, http_client
from emulator.harness.pipeline import Pipeline
from huntaze_scraper import names
from infra_cdk.synthesis import synthesise


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


@contextmanager
def deployed_without(clients: Clients, stack_name: str, action: str) -> Iterator[None]:
    """Deploy a stack meanwhile whose template does not grant one action."""
    where = Place(ACCOUNT_ID, REGION)
    stack = stacks(synthesise())[stack_name]
    template = json.loads(stack.template.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                policy["PolicyDocument"] = _less(policy["PolicyDocument"], action)
    with tempfile.TemporaryDirectory() as folder:
        changed = replace(stack, template=Path(folder, "template.json"))
        changed.template.write_text(json.dumps(template))
        deployment.deploy_stack(changed, clients.connect, where, {})
    try:
        yield
    finally:
        deployment.deploy_stack(stack, clients.connect, where, {})


def forget_calls(pipeline: Pipeline) -> None:
    """Begin a new record of the calls that roles make."""
    http_client.delete(_record(pipeline)).raise_for_status()


def calls(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the calls that roles made, with what each was allowed by."""
    return list(http_client.get(_record(pipeline)).raise_for_status().json()["calls"])


def unused(clients: Clients, role_arn: str, made: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the actions of the role's statements that none of the calls needed; each of its calls must be allowed."""
    asked = [it for it in made if it["role"] == role_arn]
    assert asked, role_arn
    assert [it for it in asked if not it["allowed"]] == []
    used = {(it["action"], statement) for it in asked for statement in it["statements"]}
    return {action for action, statement in set(_grants(clients, role_arn)) - used}


def limiter_role(clients: Clients) -> str:
    """Return the ARN of the limiter's role."""
    return clients.lambda_.get_function(FunctionName=names.LIMITER_FUNCTION)["Configuration"]["Role"]


def task_roles(pipeline: Pipeline) -> tuple[str, str]:
    """Return the ARNs of the scraper's task role and of its execution role."""
    ecs, run = pipeline.clients.ecs, pipeline.run
    service = ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return task["taskRoleArn"], task["executionRoleArn"]


def _record(pipeline: Pipeline) -> str:
    return f"{pipeline.run.aws_endpoint_url}/_emulator/iam/calls"


def _grants(clients: Clients, role_arn: str) -> Iterator[tuple[str, str]]:
    """Yield each action that the role may do, with the statement that says so: ``policy[index]``."""
    role = role_arn.rpartition("/")[2]
    for policy in clients.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document: Any = clients.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for index, statement in enumerate(document["Statement"]):
            for action in _listed(statement["Action"]):
                yield action, f"{policy}[{index}]"


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def _less(document: Any, action: str) -> dict[str, Any]:
    statements = [
        {**it, "Action": [name for name in _listed(it["Action"]) if name != action]} for it in document["Statement"]
    ]
    return {**document, "Statement": [it for it in statements if it["Action"]]}


def _write(clients: Clients, role: str, policies: dict[str, Any]) -> None:
    for policy, document in policies.items():
        clients.iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
