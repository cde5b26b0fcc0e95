"""Where a task runs: launch type and capacity provider strategy."""

from collections.abc import Iterable

from localprocs.ecs.errors import invalid
from localprocs.ecs.model import Cluster, Json

FARGATE_PROVIDERS = ("FARGATE", "FARGATE_SPOT")
MOST_WEIGHT = 1000
MOST_BASE = 100_000


def strategy_of(cluster: Cluster, request: Json) -> tuple[list[Json], str | None]:
    """Return the strategy and the launch type: those named, else the cluster's default strategy."""
    launch_type, strategy = request.get("launchType"), request.get("capacityProviderStrategy")
    if launch_type and strategy:
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if launch_type:
        if launch_type != "FARGATE":
            raise invalid("No Container Instances were found in your cluster.")
        return [], launch_type
    if strategy:
        return check_strategy(strategy, cluster.capacity_providers), None
    if cluster.default_strategy:
        return cluster.default_strategy, None
    raise invalid("No Container Instances were found in your cluster.")


def check_strategy(strategy: Iterable[Json], providers: Iterable[str]) -> list[Json]:
    """Return the strategy with weights and bases filled in, or refuse it."""
    known = set(providers)
    items = [
        {"capacityProvider": each["capacityProvider"], "weight": each.get("weight") or 0, "base": each.get("base") or 0}
        for each in strategy
    ]
    for each in items:
        if each["capacityProvider"] not in known:
            raise invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster."
            )
        if not 0 <= each["weight"] <= MOST_WEIGHT or not 0 <= each["base"] <= MOST_BASE:
            raise invalid(f"Weight must be within 0 and {MOST_WEIGHT}, base within 0 and {MOST_BASE}.")
    if len({each["capacityProvider"] for each in items}) < len(items):
        raise invalid("The specified capacity provider strategy cannot contain duplicate capacity providers.")
    if sum(each["base"] > 0 for each in items) > 1:
        raise invalid("The specified capacity provider strategy can have at most one capacity provider with a base.")
    if items and len(items) > 1 and not any(each["weight"] for each in items):
        raise invalid(
            "The specified capacity provider strategy must have at least one capacity provider with a weight."
        )
    return items
