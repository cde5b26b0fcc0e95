"""Services."""

from localstack.aws.api import RequestContext

from localprocs.ecs import service_control, telling
from localprocs.ecs.api.lookup import (
    Operation,
    cluster,
    find_service,
    missing,
    page,
    place_of,
    region_of,
    runnable,
    service,
)
from localprocs.ecs.api.strategy import strategy_of
from localprocs.ecs.errors import client_error, invalid, refusal
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Cluster, Json, TaskDefinition
from localprocs.ecs.region import Region
from localprocs.ecs.service import Deployment, Service

LATEST_PLATFORM = "1.4.0"
ALL_PERCENT = 100
REDEPLOYED_BY = ("taskDefinition", "capacityProviderStrategy", "networkConfiguration", "platformVersion")
"""What UpdateService cannot change without a new deployment."""
NO_REQUEST = (
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "clientToken",
    "forceNewDeployment",
    "tags",
)


def operations(fleet: Fleet) -> dict[str, Operation]:
    """Return the operations by name."""
    api = ServiceOperations(fleet)
    return {
        "CreateService": api.create,
        "UpdateService": api.update,
        "DeleteService": api.delete,
        "DescribeServices": api.describe,
        "ListServices": api.list_arns,
    }


class ServiceOperations:
    """What can be done with services."""

    def __init__(self, fleet: Fleet) -> None:
        """Work on a fleet."""
        self._fleet = fleet

    def create(self, context: RequestContext, request: Json) -> Json:
        """Create a service; its tasks start at once."""
        _refuse_unsupported(request)
        region, now = region_of(self._fleet, context), self._fleet.now()
        within = cluster(region, request.get("cluster"))
        name, desired = request["serviceName"], _desired(request, 1)
        found = find_service(region, within, name)
        if found and found.status != "INACTIVE":
            text = (
                "Creation of service was not idempotent."
                if found.status == "ACTIVE"
                else "Unable to Start a service that is still Draining."
            )
            raise invalid(text)
        definition = runnable(region, request.get("taskDefinition"))
        made = Service(
            place_of(context),
            within,
            name,
            {key: value for key, value in request.items() if key not in NO_REQUEST},
            desired,
            now,
            [self._deployment(within, request, definition, desired)],
            tags=list(request.get("tags") or []),
            created_by=f"arn:{context.partition}:iam::{context.account_id}:root",
        )
        _configure(made, request)
        region.services[within.name, name] = made
        self._announce(made)
        return {"service": self._tell(region, made)}

    def update(self, context: RequestContext, request: Json) -> Json:
        """Change a service; a new task definition, network or placement makes a new deployment."""
        _refuse_unsupported(request)
        region, now = region_of(self._fleet, context), self._fleet.now()
        within = cluster(region, request.get("cluster"))
        found = service(region, within, request["service"])
        if found.status != "ACTIVE":
            raise refusal("ServiceNotActiveException", "Service was not ACTIVE.")
        before = found.primary
        definition = runnable(region, request["taskDefinition"]) if request.get("taskDefinition") else before.definition
        desired = _desired(request, found.desired)
        made = None
        if _is_redeployed(before, request, definition):
            merged = {
                **_as_request(before),
                **{key: request[key] for key in REDEPLOYED_BY if request.get(key) is not None},
            }
            made = self._deployment(within, merged, definition, desired)
        _configure(found, request)
        found.request |= {key: value for key, value in request.items() if key not in NO_REQUEST and value is not None}
        for deployment in found.deployments[1:]:
            if deployment.desired and desired > found.desired:
                deployment.desired = desired
        found.desired = desired
        if made:
            found.deployments.insert(0, made)
            self._announce(found)
        elif before.desired != desired:
            before.desired, before.updated_at, found.is_steady = desired, now, False
        self._fleet.touch()
        return {"service": self._tell(region, found)}

    def delete(self, context: RequestContext, request: Json) -> Json:
        """Drain a service: its tasks stop, then it is INACTIVE."""
        region = region_of(self._fleet, context)
        found = service(region, cluster(region, request.get("cluster")), request["service"])
        if found.status == "INACTIVE":
            raise refusal("ServiceNotActiveException", "Service was not ACTIVE.")
        if found.desired and not request.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        found.status, found.desired = "DRAINING", 0
        for deployment in found.deployments:
            deployment.desired = 0
        for task in region.tasks_of_service(found):
            self._fleet.stop_task(
                task, "ServiceSchedulerInitiated", f"Scaling activity initiated by deployment {found.primary.id}"
            )
        self._fleet.touch()
        return {"service": self._tell(region, found)}

    def describe(self, context: RequestContext, request: Json) -> Json:
        """Describe the services named."""
        region = region_of(self._fleet, context)
        within = cluster(region, request.get("cluster"))
        tags = "TAGS" in (request.get("include") or [])
        found = {name: find_service(region, within, name) for name in request.get("services") or []}
        if not found:
            raise invalid("Services cannot be empty.")
        failures = [
            missing(name, f"service/{within.name}", region.place) for name, each in found.items() if each is None
        ]
        return {
            "services": [self._tell(region, each, tags=tags) for each in found.values() if each],
            "failures": failures,
        }

    def list_arns(self, context: RequestContext, request: Json) -> Json:
        """List ARNs of the services of a cluster."""
        region = region_of(self._fleet, context)
        within = cluster(region, request.get("cluster"))
        arns = [
            each.arn
            for each in region.services_of(within)
            if each.status != "INACTIVE" and request.get("launchType") in (None, each.primary.launch_type)
        ]
        return page("serviceArns", arns, {"maxResults": 10, **request})

    def _deployment(self, within: Cluster, request: Json, definition: TaskDefinition, desired: int) -> Deployment:
        strategy, launch_type = strategy_of(within, request)
        if definition.content.get("networkMode") == "awsvpc" and not request.get("networkConfiguration"):
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        version = request.get("platformVersion") or "LATEST"
        return Deployment(
            definition,
            desired,
            self._fleet.now(),
            strategy,
            launch_type,
            request.get("networkConfiguration"),
            LATEST_PLATFORM if version == "LATEST" else version,
        )

    def _announce(self, found: Service) -> None:
        found.is_steady = False
        service_control.tell_deployment(self._fleet, found, found.primary, "SERVICE_DEPLOYMENT_IN_PROGRESS", "INFO")
        self._fleet.touch()

    def _tell(self, region: Region, found: Service, *, tags: bool = True) -> Json:
        return telling.of_service(found, region.tasks_of_service(found), tags=tags)


def _is_redeployed(before: Deployment, request: Json, definition: TaskDefinition) -> bool:
    if request.get("forceNewDeployment") or definition is not before.definition:
        return True
    now = _as_request(before)
    return any(request.get(key) is not None and request[key] != now.get(key) for key in REDEPLOYED_BY[2:]) or (
        request.get("capacityProviderStrategy") is not None
        and [{"weight": 0, "base": 0, **each} for each in request["capacityProviderStrategy"]] != before.strategy
    )


def _as_request(deployment: Deployment) -> Json:
    """Return what a deployment was asked for."""
    asked: Json = {"networkConfiguration": deployment.network, "platformVersion": deployment.platform_version}
    if deployment.strategy:
        return {**asked, "capacityProviderStrategy": deployment.strategy}
    return {**asked, "launchType": deployment.launch_type}


def _configure(found: Service, request: Json) -> None:
    given = request.get("deploymentConfiguration") or {}
    found.minimum_percent = _percent(given, "minimumHealthyPercent", found.minimum_percent)
    found.maximum_percent = _percent(given, "maximumPercent", found.maximum_percent)
    if (
        found.maximum_percent < max(found.minimum_percent, 1)
        or ALL_PERCENT == found.maximum_percent == found.minimum_percent
    ):
        raise invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
    found.breaker = given.get("deploymentCircuitBreaker") or found.breaker


def _percent(given: Json, key: str, default: int) -> int:
    value = given.get(key)
    return default if value is None else int(value)


def _desired(request: Json, default: int) -> int:
    value = request.get("desiredCount")
    desired = default if value is None else int(value)
    if desired < 0:
        raise invalid("desiredCount should be greater than or equal to 0.")
    return desired


def _refuse_unsupported(request: Json) -> None:
    """Refuse what would otherwise be silently left out."""
    if request.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise client_error("The emulator has no scheduling strategy but REPLICA.")
    if (request.get("deploymentController") or {}).get("type", "ECS") != "ECS":
        raise client_error("The emulator has no deployment controller but ECS.")
    if (request.get("deploymentConfiguration") or {}).get("strategy", "ROLLING") != "ROLLING":
        raise client_error("The emulator has no deployment strategy but ROLLING.")
    for name in ("loadBalancers", "serviceRegistries", "volumeConfigurations", "vpcLatticeConfigurations"):
        if request.get(name):
            raise client_error(f"The emulator has no {name} for services.")
    if (request.get("serviceConnectConfiguration") or {}).get("enabled"):
        raise client_error("The emulator has no Service Connect.")
