"""Tasks and their protection."""

from localstack.aws.api import RequestContext

from localprocs.ecs import telling
from localprocs.ecs.api.lookup import (
    Operation,
    cluster,
    find_service,
    find_task,
    missing,
    page,
    region_of,
    runnable,
    short,
    task,
)
from localprocs.ecs.api.strategy import strategy_of
from localprocs.ecs.errors import client_error, invalid, refusal, service_not_found
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Json, Task
from localprocs.ecs.policy.placement import next_provider
from localprocs.ecs.service_control import shares_of

MOST_AT_ONCE = 10
MOST_DESCRIBED = 100
LONGEST_PROTECTION_MINUTES = 2880
PROTECTION_MINUTES = 120


def operations(fleet: Fleet) -> dict[str, Operation]:
    """Return the operations by name."""
    api = TaskOperations(fleet)
    return {
        "RunTask": api.run,
        "StopTask": api.stop,
        "DescribeTasks": api.describe,
        "ListTasks": api.list_arns,
        "UpdateTaskProtection": api.update_protection,
        "GetTaskProtection": api.get_protection,
        "ExecuteCommand": api.execute,
    }


class TaskOperations:
    """What can be done with tasks."""

    def __init__(self, fleet: Fleet) -> None:
        """Work on a fleet."""
        self._fleet = fleet

    def run(self, context: RequestContext, request: Json) -> Json:
        """Run tasks that belong to no service."""
        region = region_of(self._fleet, context)
        within = cluster(region, request.get("cluster"))
        definition = runnable(region, request.get("taskDefinition"))
        count = request.get("count") or 1
        if not 1 <= count <= MOST_AT_ONCE:
            raise invalid(f"count must be within 1 and {MOST_AT_ONCE}.")
        strategy, launch_type = strategy_of(within, request)
        _check_overrides(request.get("overrides") or {}, {each["name"] for each in definition.containers})
        if definition.content.get("networkMode") == "awsvpc" and not request.get("networkConfiguration"):
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        token = request.get("clientToken")
        if token and token in region.tokens:
            return {
                "tasks": [telling.of_task(region.tasks[arn]) for arn in region.tokens[token] if arn in region.tasks],
                "failures": [],
            }
        made: list[Task] = []
        counts: dict[str, int] = {}
        for _ in range(count):
            provider = next_provider(shares_of(strategy), counts)
            counts[provider or ""] = counts.get(provider or "", 0) + 1
            made.append(
                self._fleet.start_task(
                    within,
                    definition,
                    group=request.get("group") or f"family:{definition.family}",
                    capacity_provider=provider,
                    started_by=request.get("startedBy"),
                    launch_type=launch_type or "FARGATE",
                    overrides=request.get("overrides") or {},
                    network=request.get("networkConfiguration"),
                    tags=[
                        *(request.get("tags") or []),
                        *(definition.tags if request.get("propagateTags") == "TASK_DEFINITION" else []),
                    ],
                    enable_execute_command=bool(request.get("enableExecuteCommand")),
                )
            )
        if token:
            region.tokens[token] = [each.arn for each in made]
        return {"tasks": [telling.of_task(each, tags=True) for each in made], "failures": []}

    def stop(self, context: RequestContext, request: Json) -> Json:
        """Stop a task; a service replaces it."""
        region = region_of(self._fleet, context)
        found = task(region, cluster(region, request.get("cluster")), request["task"])
        self._fleet.stop_task(found, "UserInitiated", request.get("reason") or "Task stopped by user")
        return {"task": telling.of_task(found)}

    def describe(self, context: RequestContext, request: Json) -> Json:
        """Describe the tasks named; stopped ones for an hour."""
        region = region_of(self._fleet, context)
        within = cluster(region, request.get("cluster"))
        names = request.get("tasks") or []
        if not 1 <= len(names) <= MOST_DESCRIBED:
            raise invalid(
                "Tasks cannot be empty." if not names else f"At most {MOST_DESCRIBED} tasks can be described."
            )
        tags = "TAGS" in (request.get("include") or [])
        found = {name: find_task(region, within, name) for name in names}
        return {
            "tasks": [telling.of_task(each, tags=tags) for each in found.values() if each],
            "failures": [
                missing(name, f"task/{within.name}", region.place) for name, each in found.items() if each is None
            ],
        }

    def list_arns(self, context: RequestContext, request: Json) -> Json:
        """List ARNs of tasks, by service, family, who started them and desired status."""
        region = region_of(self._fleet, context)
        within = cluster(region, request.get("cluster"))
        if request.get("containerInstance"):
            raise invalid("The emulator has no container instances.")
        name = request.get("serviceName")
        if name and find_service(region, within, name) is None:
            raise service_not_found()
        status = request.get("desiredStatus") or "RUNNING"
        arns = [
            each.arn
            for each in region.tasks_of(within)
            if each.desired_status == status
            and (not name or each.service_name == short(name))
            and request.get("family") in (None, each.definition.family)
            and request.get("startedBy") in (None, each.started_by)
            and request.get("launchType") in (None, each.launch_type)
        ]
        return page("taskArns", arns, request)

    def execute(self, context: RequestContext, request: Json) -> Json:
        """Refuse: no task has the agent that runs commands in it."""
        region = region_of(self._fleet, context)
        task(region, cluster(region, request.get("cluster")), request["task"])
        text = "The execute command failed because the execute command agent isn't running."
        raise refusal("TargetNotConnectedException", text)

    def update_protection(self, context: RequestContext, request: Json) -> Json:
        """Protect tasks of a service from scale-in and deployments, or no longer."""
        minutes = request.get("expiresInMinutes")
        if minutes is not None and not 1 <= minutes <= LONGEST_PROTECTION_MINUTES:
            raise invalid(f"expiresInMinutes must be within 1 and {LONGEST_PROTECTION_MINUTES}.")
        found, failures = self._protectable(context, request, request["tasks"])
        for each in found:
            self._fleet.protect(each, 60.0 * (minutes or PROTECTION_MINUTES) if request["protectionEnabled"] else None)
        return {"protectedTasks": [self._protection(each) for each in found], "failures": failures}

    def get_protection(self, context: RequestContext, request: Json) -> Json:
        """Tell tasks' protection."""
        found, failures = self._protectable(context, request, request.get("tasks") or [])
        return {"protectedTasks": [self._protection(each) for each in found], "failures": failures}

    def _protectable(self, context: RequestContext, request: Json, names: list[str]) -> tuple[list[Task], list[Json]]:
        region = region_of(self._fleet, context)
        within = cluster(region, request.get("cluster"))
        found: list[Task] = []
        failures: list[Json] = []
        for name in names:
            each = find_task(region, within, name)
            if each is None:
                failures.append(missing(name, f"task/{within.name}", region.place))
            elif each.deployment_id is None or not each.is_wanted:
                failures.append(
                    {
                        "arn": each.arn,
                        "reason": "TASK_NOT_VALID",
                        "detail": "The task is not a running task of a service.",
                    }
                )
            else:
                found.append(each)
        return found, failures

    def _protection(self, found: Task) -> Json:
        return protection_of(found, self._fleet.now())


def protection_of(found: Task, now: float) -> Json:
    """Describe a task's protection."""
    if not found.protection or not found.is_protected(now):
        return {"taskArn": found.arn, "protectionEnabled": False}
    return {
        "taskArn": found.arn,
        "protectionEnabled": True,
        "expirationDate": telling.moment(found.protection.expires_at),
    }


def _check_overrides(overrides: Json, names: set[str]) -> None:
    for each in overrides.get("containerOverrides") or []:
        if each.get("name") not in names:
            raise client_error(
                f"Override for container named {each.get('name')} is not a container in the TaskDefinition."
            )
