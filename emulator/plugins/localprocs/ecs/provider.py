"""ECS as LocalStack sees it: its operations, each under the fleet's lock."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.http import Router
from localstack.services.plugins import Service, ServiceLifecycleHook

from localprocs.alarms.minutes import MINUTES
from localprocs.ecs import image
from localprocs.ecs.api import clusters, services, tags, task_definitions, tasks
from localprocs.ecs.api.lookup import Operation
from localprocs.ecs.cloud import LocalStackCloud
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.guardian import Guardian
from localprocs.ecs.metrics import Publisher
from localprocs.ecs.model import Json
from localprocs.ecs.process_runner import ProcessRunner
from localprocs.ecs.routes import add_routes
from localprocs.ecs.runner import Runner

MODULES = (clusters, services, tags, task_definitions, tasks)


def make_fleet(router: "Router[Any]", guardian: Guardian) -> Fleet:
    """Make what holds everything, with its routes and its metrics."""
    fleet = Fleet(make_runner(guardian), LocalStackCloud())
    add_routes(router, fleet)
    MINUTES.at_each(Publisher(fleet).publish)
    fleet.open()
    return fleet


def make_runner(guardian: Guardian) -> Runner:
    """Run containers as processes, unless their image has a name in a Docker engine."""
    if not image.load().name:
        return ProcessRunner(guardian)
    from localprocs.ecs.engine_runner import EngineRunner  # noqa: PLC0415 - the engine's client takes a moment to load

    return EngineRunner.here()


def make_service(fleet: Fleet) -> Service:
    """Make the service; an operation that is not emulated is answered so."""
    operations = {name: locked(fleet, run) for name, run in all_operations(fleet).items()}
    return Service("ecs", skeleton=Skeleton(load_service("ecs"), operations), lifecycle_hook=_Lifecycle(fleet))


def all_operations(fleet: Fleet) -> dict[str, Operation]:
    """Return every operation by name."""
    return {name: run for module in MODULES for name, run in module.operations(fleet).items()}


def locked(fleet: Fleet, run: Operation) -> Callable[[RequestContext, Json], Json]:
    """Have an operation see and leave the fleet as a whole."""

    def call(context: RequestContext, request: Json) -> Json:
        with fleet.lock:
            return run(context, request or {})

    return call


class _Lifecycle(ServiceLifecycleHook):
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def on_before_state_reset(self) -> None:
        self._fleet.reset()
