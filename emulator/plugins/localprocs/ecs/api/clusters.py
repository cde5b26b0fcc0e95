"""Clusters and capacity providers."""

from localstack.aws.api import RequestContext

from localprocs.ecs import telling
from localprocs.ecs.api.lookup import (
    DEFAULT_CLUSTER,
    Operation,
    cluster,
    find_cluster,
    missing,
    page,
    place_of,
    region_of,
)
from localprocs.ecs.api.strategy import FARGATE_PROVIDERS, check_strategy
from localprocs.ecs.errors import invalid, refusal
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Cluster, Json
from localprocs.ecs.region import Region


def operations(fleet: Fleet) -> dict[str, Operation]:
    """Return the operations by name."""
    api = ClusterOperations(fleet)
    return {
        "CreateCluster": api.create,
        "DescribeClusters": api.describe,
        "ListClusters": api.list_arns,
        "UpdateCluster": api.update,
        "UpdateClusterSettings": api.update,
        "PutClusterCapacityProviders": api.put_capacity_providers,
        "DeleteCluster": api.delete,
        "DescribeCapacityProviders": api.describe_capacity_providers,
    }


class ClusterOperations:
    """What can be done with clusters."""

    def __init__(self, fleet: Fleet) -> None:
        """Work on a fleet."""
        self._fleet = fleet

    def create(self, context: RequestContext, request: Json) -> Json:
        """Create a cluster, or return the one of that name."""
        region = region_of(self._fleet, context)
        name = request.get("clusterName") or DEFAULT_CLUSTER
        found = find_cluster(region, name)
        if found is None or found.status != "ACTIVE":
            found = region.clusters[name] = Cluster(place_of(context), name)
            _change(found, request)
            found.capacity_providers = _known(request.get("capacityProviders") or [])
            strategy = request.get("defaultCapacityProviderStrategy") or []
            found.default_strategy = check_strategy(strategy, found.capacity_providers)
            found.tags = list(request.get("tags") or [])
        return {"cluster": self._tell(region, found, ["SETTINGS", "CONFIGURATIONS", "TAGS"])}

    def describe(self, context: RequestContext, request: Json) -> Json:
        """Describe the clusters named, or the default one."""
        region = region_of(self._fleet, context)
        names = request.get("clusters") or [DEFAULT_CLUSTER]
        found = {name: find_cluster(region, name) for name in names}
        include = request.get("include") or []
        return {
            "clusters": [self._tell(region, each, include) for each in found.values() if each],
            "failures": [missing(name, "cluster", region.place) for name, each in found.items() if each is None],
        }

    def list_arns(self, context: RequestContext, request: Json) -> Json:
        """List ARNs of active clusters."""
        clusters = region_of(self._fleet, context).clusters.values()
        return page("clusterArns", [each.arn for each in clusters if each.status == "ACTIVE"], request)

    def update(self, context: RequestContext, request: Json) -> Json:
        """Change settings and configuration."""
        region = region_of(self._fleet, context)
        found = cluster(region, request.get("cluster"))
        _change(found, request)
        return {"cluster": self._tell(region, found, ["SETTINGS", "CONFIGURATIONS"])}

    def put_capacity_providers(self, context: RequestContext, request: Json) -> Json:
        """Set the capacity providers and the default strategy."""
        region = region_of(self._fleet, context)
        found = cluster(region, request.get("cluster"))
        providers = _known(request["capacityProviders"])
        strategy = check_strategy(request["defaultCapacityProviderStrategy"], providers)
        used = {task.capacity_provider for task in region.tasks_of(found) if task.is_wanted} - {None}
        if used - set(providers):
            text = "The specified capacity provider is in use and cannot be removed."
            raise refusal("ResourceInUseException", text)
        found.capacity_providers, found.default_strategy = providers, strategy
        return {"cluster": self._tell(region, found, ["SETTINGS"])}

    def delete(self, context: RequestContext, request: Json) -> Json:
        """Delete a cluster that nothing stands in."""
        region = region_of(self._fleet, context)
        found = cluster(region, request.get("cluster"))
        if any(service.status != "INACTIVE" for service in region.services_of(found)):
            text = "The Cluster cannot be deleted while Services are active."
            raise refusal("ClusterContainsServicesException", text)
        if any(task.last_status != "STOPPED" for task in region.tasks_of(found)):
            raise refusal("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        found.status = "INACTIVE"
        return {"cluster": self._tell(region, found, [])}

    def describe_capacity_providers(self, context: RequestContext, request: Json) -> Json:
        """Describe the two that Fargate brings."""
        place = place_of(context)
        names = [each.rsplit("/", 1)[-1] for each in request.get("capacityProviders") or FARGATE_PROVIDERS]
        return {
            "capacityProviders": [
                {
                    "capacityProviderArn": place.arn(f"capacity-provider/{name}"),
                    "name": name,
                    "status": "ACTIVE",
                    "type": name,
                    "tags": [],
                }
                for name in names
                if name in FARGATE_PROVIDERS
            ],
            "failures": [missing(name, "capacity-provider", place) for name in names if name not in FARGATE_PROVIDERS],
        }

    def _tell(self, region: Region, found: Cluster, include: list[str]) -> Json:
        return telling.of_cluster(found, region.services_of(found), region.tasks_of(found), include)


def _change(found: Cluster, request: Json) -> None:
    for each in request.get("settings") or []:
        if each.get("name") != "containerInsights" or each.get("value") not in ("enabled", "disabled", "enhanced"):
            raise invalid("Invalid cluster setting")
        found.settings[each["name"]] = each["value"]
    found.configuration = request.get("configuration", found.configuration)
    found.service_connect = request.get("serviceConnectDefaults", found.service_connect)


def _known(providers: list[str]) -> list[str]:
    for name in providers:
        if name not in FARGATE_PROVIDERS:
            raise invalid(f"The specified capacity provider {name} was not found. Only Fargate's two are emulated.")
    return list(providers)
