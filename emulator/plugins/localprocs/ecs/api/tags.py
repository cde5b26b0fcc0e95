"""Tags of clusters, services, tasks and task definitions."""

from collections.abc import Iterator

from localstack.aws.api import RequestContext

from localprocs.ecs.api.lookup import Operation, find_definition, region_of
from localprocs.ecs.errors import invalid
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Cluster, Json, Task, TaskDefinition
from localprocs.ecs.region import Region
from localprocs.ecs.service import Service


def operations(fleet: Fleet) -> dict[str, Operation]:
    """Return the operations by name."""

    def tag(context: RequestContext, request: Json) -> Json:
        found = _find(region_of(fleet, context), request["resourceArn"])
        given = {each["key"]: each for each in request["tags"]}
        found.tags = [each for each in found.tags if each["key"] not in given] + list(given.values())
        return {}

    def untag(context: RequestContext, request: Json) -> Json:
        found = _find(region_of(fleet, context), request["resourceArn"])
        found.tags = [each for each in found.tags if each["key"] not in request["tagKeys"]]
        return {}

    def list_tags(context: RequestContext, request: Json) -> Json:
        return {"tags": _find(region_of(fleet, context), request["resourceArn"]).tags}

    return {"TagResource": tag, "UntagResource": untag, "ListTagsForResource": list_tags}


def _find(region: Region, arn: str) -> Cluster | Service | Task | TaskDefinition:
    for each in _all(region):
        if each.arn == arn:
            return each
    if "task-definition/" in arn and (found := find_definition(region, arn)):
        return found
    raise invalid("The specified resource was not found.")


def _all(region: Region) -> Iterator[Cluster | Service | Task]:
    yield from region.clusters.values()
    yield from region.services.values()
    yield from region.tasks.values()
