"""Whether what was deployed is well: service, tasks, limiter."""

import time
from collections.abc import Iterator
from typing import Any

from huntaze_scraper import names
from huntaze_scraper.operations.errors import TellOperator
from infra_cdk.release.stacks import Stacks

LOOK_AGAIN_SECONDS = 5


def require(stacks: Stacks, timeout_seconds: float) -> Iterator[str]:
    """Wait until all is well, and tell what is.

    Raises:
        TellOperator: it is not within the time; says what is missing.
    """
    deadline = time.monotonic() + timeout_seconds
    while missing := _missing(stacks):
        if time.monotonic() > deadline:
            raise TellOperator(f"not well within {timeout_seconds:g} s: {'; '.join(missing)}")
        time.sleep(LOOK_AGAIN_SECONDS)
    yield "service: the deployed task definition runs, every task is healthy"
    is_fed = stacks.mapping_states() == ["Enabled"]
    yield f"limiter: active, and its queue {'feeds it' if is_fed else 'is paused: resume it as the runbook says'}"
    loud = [
        it["AlarmName"]
        for it in stacks.clients.cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
        if not it["AlarmName"].startswith("TargetTracking-")
    ]
    yield f"alarms: {', '.join(loud)} in ALARM (see the runbook)" if loud else "alarms: none in ALARM"


def _missing(stacks: Stacks) -> list[str]:
    return [*_of_service(stacks), *_of_limiter(stacks)]


def _of_service(stacks: Stacks) -> Iterator[str]:
    service, ecs = stacks.service(), stacks.clients.ecs
    wanted = stacks.resource(names.SCRAPER_STACK, "AWS::ECS::TaskDefinition")
    if service["taskDefinition"] != wanted:
        yield f"the service runs {_short(service['taskDefinition'])}, not {_short(wanted)}: it was rolled back"
    for each in service["deployments"]:
        if each["status"] != "PRIMARY" or each.get("rolloutState", "COMPLETED") != "COMPLETED":
            yield f"the deployment of {_short(each['taskDefinition'])} is {each.get('rolloutState', each['status'])}"
    if service["runningCount"] < service["desiredCount"]:
        told = "; ".join(it["message"] for it in service.get("events", [])[:2])
        yield f"{service['runningCount']} of {service['desiredCount']} tasks run ({told})"
    cluster = service["clusterArn"]
    arns = ecs.list_tasks(cluster=cluster, serviceName=service["serviceName"])["taskArns"]
    tasks: list[Any] = list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []
    for task in tasks:
        if task["lastStatus"] == "RUNNING" and task.get("healthStatus") != "HEALTHY":
            yield f"task {_short(task['taskArn'])} is {task.get('healthStatus', 'UNKNOWN')}"


def _of_limiter(stacks: Stacks) -> Iterator[str]:
    name, client = stacks.outputs(names.LIMITER_STACK)["LambdaFunction"], stacks.clients.lambda_
    function = client.get_function_configuration(FunctionName=name)
    if function.get("State", "Active") != "Active" or function.get("LastUpdateStatus", "Successful") != "Successful":
        yield f"the limiter is {function.get('State')}, its last update {function.get('LastUpdateStatus')}"
    states = stacks.mapping_states()
    if states not in (["Enabled"], ["Disabled"]):  # what an operator has paused stays so
        yield f"the limiter's queue does not feed it: {', '.join(states) or 'no mapping'}"


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
