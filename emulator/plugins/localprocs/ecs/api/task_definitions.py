"""Task definitions and their revisions."""

import re

from localstack.aws.api import RequestContext

from localprocs.ecs import telling
from localprocs.ecs.api.lookup import Operation, definition, page, place_of, region_of
from localprocs.ecs.errors import client_error, invalid
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Json, TaskDefinition

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
LONGEST_STOP = 120
NOT_CONTENT = ("tags",)
NOT_EMULATED = ("environmentFiles", "restartPolicy", "firelensConfiguration", "credentialSpecs")
"""What would change how a container runs, and is refused rather than left out."""
FARGATE_MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
"""The sizes that Fargate has: CPU units, and the MiB of memory that go with them."""


def operations(fleet: Fleet) -> dict[str, Operation]:
    """Return the operations by name."""
    api = TaskDefinitionOperations(fleet)
    return {
        "RegisterTaskDefinition": api.register,
        "DescribeTaskDefinition": api.describe,
        "DeregisterTaskDefinition": api.deregister,
        "DeleteTaskDefinitions": api.delete,
        "ListTaskDefinitions": api.list_arns,
        "ListTaskDefinitionFamilies": api.list_families,
    }


class TaskDefinitionOperations:
    """What can be done with task definitions."""

    def __init__(self, fleet: Fleet) -> None:
        """Work on a fleet."""
        self._fleet = fleet

    def register(self, context: RequestContext, request: Json) -> Json:
        """Add a revision."""
        check(request)
        region, family = region_of(self._fleet, context), request["family"]
        revisions = region.definitions.setdefault(family, [])
        content = with_defaults({key: value for key, value in request.items() if key not in NOT_CONTENT})
        made = TaskDefinition(
            place_of(context),
            family,
            revisions[-1].revision + 1 if revisions else 1,
            content,
            self._fleet.now(),
            f"arn:{context.partition}:iam::{context.account_id}:root",
            list(request.get("tags") or []),
        )
        revisions.append(made)
        return {"taskDefinition": telling.of_definition(made), "tags": made.tags}

    def describe(self, context: RequestContext, request: Json) -> Json:
        """Describe a revision, or a family's latest."""
        found = definition(region_of(self._fleet, context), request["taskDefinition"])
        answer: Json = {"taskDefinition": telling.of_definition(found)}
        if "TAGS" in (request.get("include") or []):
            answer["tags"] = found.tags
        return answer

    def deregister(self, context: RequestContext, request: Json) -> Json:
        """Make a revision INACTIVE: what runs goes on, nothing new starts."""
        name = request["taskDefinition"]
        if ":" not in name.rsplit("/", 1)[-1]:
            raise invalid("Task definition revision is missing. Specify family:revision.")
        found = definition(region_of(self._fleet, context), name)
        found.status, found.deregistered_at = "INACTIVE", self._fleet.now()
        return {"taskDefinition": telling.of_definition(found)}

    def delete(self, context: RequestContext, request: Json) -> Json:
        """Delete INACTIVE revisions."""
        region = region_of(self._fleet, context)
        deleted: list[Json] = []
        failures: list[Json] = []
        for name in request["taskDefinitions"]:
            found = definition(region, name)
            if found.status == "ACTIVE":
                reason = "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
                failures.append({"arn": found.arn, "reason": reason})
                continue
            found.status = "DELETE_IN_PROGRESS"
            deleted.append(telling.of_definition(found))
        return {"taskDefinitions": deleted, "failures": failures}

    def list_arns(self, context: RequestContext, request: Json) -> Json:
        """List ARNs of revisions, by family and status."""
        region, status = region_of(self._fleet, context), request.get("status") or "ACTIVE"
        prefix = request.get("familyPrefix")
        arns = [
            each.arn
            for family in sorted(region.definitions)
            for each in region.definitions[family]
            if each.status == status and prefix in (None, family)
        ]
        return page("taskDefinitionArns", arns[::-1] if request.get("sort") == "DESC" else arns, request)

    def list_families(self, context: RequestContext, request: Json) -> Json:
        """List families with a prefix."""
        region, status = region_of(self._fleet, context), request.get("status") or "ACTIVE"
        families = [
            family
            for family, revisions in sorted(region.definitions.items())
            if family.startswith(request.get("familyPrefix") or "")
            and (status == "ALL" or (status == "ACTIVE") == any(each.status == "ACTIVE" for each in revisions))
        ]
        return page("families", families, request)


def with_defaults(content: Json) -> Json:
    """Fill in what ECS fills in."""
    containers = [
        {
            "cpu": 0,
            "portMappings": [],
            "essential": True,
            "environment": [],
            "mountPoints": [],
            "volumesFrom": [],
            "systemControls": [],
            **each,
        }
        for each in content["containerDefinitions"]
    ]
    for each in containers:
        each["portMappings"] = [
            {"hostPort": port["containerPort"], "protocol": "tcp", **port} for port in each["portMappings"] or []
        ]
    needs = content.get("requiresCompatibilities") or []
    return {
        "volumes": [],
        "placementConstraints": [],
        "requiresAttributes": [],
        "compatibilities": ["EC2", "FARGATE"] if "FARGATE" in needs else ["EC2"],
        **content,
        "containerDefinitions": containers,
    }


def check(request: Json) -> None:
    """Refuse a definition that ECS would refuse."""
    if not NAME.fullmatch(request.get("family") or ""):
        raise client_error("Family contains invalid characters.")
    containers = request.get("containerDefinitions") or []
    if not containers:
        raise client_error("Container list cannot be empty.")
    names = [each.get("name") for each in containers]
    if not all(names) or len(set(names)) < len(names):
        raise client_error("Container names must be given, and be unique.")
    if not any(each.get("essential", True) for each in containers):
        raise client_error("A task definition must have at least one essential container.")
    for each in containers:
        _check_container(each, set(names))
    if "FARGATE" in (request.get("requiresCompatibilities") or []):
        _check_fargate(request)


def _check_container(container: Json, names: set[str]) -> None:
    for name in NOT_EMULATED:
        if container.get(name):
            raise client_error(f"The emulator has no {name} for containers.")
    if not container.get("image"):
        raise client_error("Container.image should not be null or empty.")
    for need in container.get("dependsOn") or []:
        if need["containerName"] not in names - {container["name"]}:
            raise client_error(f"Invalid dependency of container {container['name']}.")
    stop = container.get("stopTimeout")
    if stop is not None and not 0 <= stop <= LONGEST_STOP:
        raise client_error(f"stopTimeout must be within 0 and {LONGEST_STOP} seconds.")
    command = (container.get("healthCheck") or {}).get("command")
    if "healthCheck" in container and (not command or command[0] not in ("CMD", "CMD-SHELL", "NONE")):
        raise client_error("A health check's command must begin with CMD or CMD-SHELL.")


def _check_fargate(request: Json) -> None:
    if request.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    try:
        cpu, memory = int(request["cpu"]), int(request["memory"])
    except (KeyError, ValueError):
        raise client_error(
            "Fargate requires that 'cpu' and 'memory' be defined at the task level, in units and MiB."
        ) from None
    if memory not in FARGATE_MEMORY.get(cpu, ()):
        raise client_error(
            "No Fargate configuration exists for given values: "
            f"{cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
        )
