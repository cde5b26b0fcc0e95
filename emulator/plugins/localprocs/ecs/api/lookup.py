"""Finding what a request names, by name or ARN, and answering in pages."""

from collections.abc import Callable, Sequence
from typing import Any

from localstack.aws.api import RequestContext

from localprocs.ecs.errors import client_error, cluster_not_found, invalid, service_not_found
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Cluster, Json, Place, Task, TaskDefinition
from localprocs.ecs.region import Region
from localprocs.ecs.service import Service

type Operation = Callable[[RequestContext, Json], Json]

DEFAULT_CLUSTER = "default"


def place_of(context: RequestContext) -> Place:
    """Return the caller's account and region."""
    return Place(context.account_id, context.region)


def region_of(fleet: Fleet, context: RequestContext) -> Region:
    """Return what the caller's account has in its region."""
    return fleet.region(place_of(context))


def short(name: str) -> str:
    """Return the last part of an ARN, or the name as it is."""
    return name.rsplit("/", 1)[-1] if name.startswith("arn:") else name


def find_cluster(region: Region, name: str | None) -> Cluster | None:
    """Find a cluster by name or ARN."""
    return region.clusters.get(short(name or DEFAULT_CLUSTER))


def cluster(region: Region, name: str | None) -> Cluster:
    """Return an active cluster or refuse."""
    found = find_cluster(region, name)
    if found is None or found.status != "ACTIVE":
        raise cluster_not_found()
    return found


def find_service(region: Region, within: Cluster, name: str) -> Service | None:
    """Find a service of a cluster by name or ARN."""
    return region.services.get((within.name, short(name)))


def service(region: Region, within: Cluster, name: str) -> Service:
    """Return a service or refuse."""
    found = find_service(region, within, name)
    if found is None:
        raise service_not_found()
    return found


def find_task(region: Region, within: Cluster, name: str) -> Task | None:
    """Find a task of a cluster by id or ARN."""
    task = region.tasks.get(within.place.arn(f"task/{within.name}/{short(name)}"))
    return task if task is None or not name.startswith("arn:") or task.arn == name else None


def task(region: Region, within: Cluster, name: str) -> Task:
    """Return a task or refuse."""
    found = find_task(region, within, name)
    if found is None:
        raise invalid("The referenced task was not found.")
    return found


def find_definition(region: Region, name: str) -> TaskDefinition | None:
    """Find ``family:revision``, the latest active revision of ``family``, or an ARN of either."""
    family, _, revision = short(name).partition(":")
    revisions = region.definitions.get(family, [])
    if not revision:
        return next((each for each in reversed(revisions) if each.status == "ACTIVE"), None)
    return next((each for each in revisions if str(each.revision) == revision), None)


def definition(region: Region, name: str | None) -> TaskDefinition:
    """Return a task definition or refuse."""
    found = find_definition(region, name) if name else None
    if found is None:
        raise client_error("Unable to describe task definition.")
    return found


def runnable(region: Region, name: str | None) -> TaskDefinition:
    """Return an active task definition or refuse, as RunTask and CreateService do."""
    found = find_definition(region, name) if name else None
    if found is None:
        raise client_error("TaskDefinition not found.")
    if found.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return found


def missing(arn: str, kind: str, place: Place) -> Json:
    """Return the failure that a describe call lists for what is not there."""
    return {"arn": arn if arn.startswith("arn:") else place.arn(f"{kind}/{arn}"), "reason": "MISSING"}


def page(key: str, items: Sequence[Any], request: Json, most: int = 100) -> Json:
    """Answer one page; the token is the place of the next."""
    token = request.get("nextToken") or "0"
    if not token.isdecimal():
        raise invalid("Invalid token")
    begin, size = int(token), min(request.get("maxResults") or most, most)
    answer: Json = {key: list(items[begin : begin + size])}
    if begin + size < len(items):
        answer["nextToken"] = str(begin + size)
    return answer
