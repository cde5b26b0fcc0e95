"""Registers ECS with LocalStack."""

from collections.abc import Callable

from localstack.aws.api import RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.services.plugins import SERVICE_PLUGINS, Service, ServiceLifecycleHook, aws_provider

from localprocs.alarms.minutes import MINUTES
from localprocs.ecs.api import clusters, services, tags, task_definitions, tasks
from localprocs.ecs.api.lookup import Operation
from localprocs.ecs.cloud import LocalStackCloud
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.metrics import Publisher
from localprocs.ecs.model import Json
from localprocs.ecs.process_runner import ProcessRunner
from localprocs.ecs.routes import add_routes
from localprocs.ecs.shutdown import stop_all

_fleets: list[Fleet] = []


@aws_provider(api="ecs")
def ecs() -> Service:
    """Make the service."""
    fleet = Fleet(ProcessRunner(), LocalStackCloud())
    _fleets.append(fleet)
    add_routes(ROUTER, fleet)
    fleet.open()
    MINUTES.at_each(Publisher(fleet).publish)
    operations: dict[str, Operation] = {}
    for module in (clusters, services, tags, task_definitions, tasks):
        operations |= {name: _locked(fleet, run) for name, run in module.operations(fleet).items()}
    return Service("ecs", skeleton=Skeleton(load_service("ecs"), operations), lifecycle_hook=_Lifecycle(fleet))


@hooks.on_infra_start()
def load_ecs() -> None:
    """Answer the routes under ``/_emulator/ecs`` before the first call to ECS."""
    SERVICE_PLUGINS.require("ecs")


@hooks.on_infra_shutdown(priority=100)
def stop_tasks() -> None:
    """Leave no task behind; before the services that tasks talk to are stopped."""
    for fleet in _fleets:
        stop_all(fleet)


class _Lifecycle(ServiceLifecycleHook):
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def on_before_state_reset(self) -> None:
        self._fleet.reset()


def _locked(fleet: Fleet, run: Operation) -> Callable[[RequestContext, Json], Json]:
    def call(context: RequestContext, request: Json) -> Json:
        with fleet.lock:
            return run(context, request or {})

    return call
