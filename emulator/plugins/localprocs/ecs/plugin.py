"""Registers ECS with LocalStack; what it is made of is loaded with the first call, so that the start stays short."""

from typing import TYPE_CHECKING

from localstack.http import Request, Response, Router
from localstack.http.dispatcher import Handler, handler_dispatcher
from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.services.plugins import SERVICE_PLUGINS, aws_provider
from localstack.services.plugins import Service as Provider
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

if TYPE_CHECKING:
    from localprocs.ecs.fleet import Fleet
    from localprocs.ecs.guardian import Guardian
    from localprocs.ecs.region import Region
    from localprocs.ecs.service import Service

_routes: "Router[Handler]" = Router(dispatcher=handler_dispatcher())
_made: "list[tuple[Fleet, Guardian]]" = []


@aws_provider(api="ecs")
def ecs() -> Provider:
    """Make the service."""
    from localprocs.ecs.guardian import Guardian  # noqa: PLC0415 - see above
    from localprocs.ecs.provider import make_fleet, make_service  # noqa: PLC0415

    guardian = Guardian()
    fleet = make_fleet(_routes, guardian)
    _made.append((fleet, guardian))
    return make_service(fleet)


def regions() -> "list[Region]":
    """Return every account's regions."""
    return [region for fleet, _ in _made for region in fleet.regions()]


def adopt(found: "list[Region]") -> None:
    """Hold what others held, and start their services' tasks."""
    for fleet, _ in _made:
        for each in found:
            with fleet.lock:
                region = fleet.region(each.place)
                region.clusters |= each.clusters
                region.definitions |= each.definitions
                region.services |= each.services
                region.tokens |= each.tokens
            fleet.touch()


def services() -> "list[Service]":
    """Return every service of every account and region."""
    return [it for region in regions() for it in region.services.values()]


def fleets() -> "list[Fleet]":
    """Return every fleet of tasks."""
    return [fleet for fleet, _ in _made]


@hooks.on_infra_start()
def serve_ecs_routes() -> None:
    """Answer under ``/_emulator/ecs`` from the start."""
    ROUTER.add("/_emulator/ecs/<path:_rest>", _forward)


@hooks.on_infra_shutdown(priority=100)
def stop_ecs_tasks() -> None:
    """Leave no task behind; before the services that tasks talk to are stopped."""
    if _made:
        from localprocs.ecs.shutdown import stop_all  # noqa: PLC0415 - see above

        stop_all([fleet for fleet, _ in _made])
        for _, guardian in _made:
            guardian.close()


def _forward(request: Request, **_path: str) -> AnyResponse:
    SERVICE_PLUGINS.require("ecs")
    try:
        return _routes.dispatch(request)
    except HTTPException as error:
        return Response(f'{{"error": "{error.name}"}}', error.code, mimetype="application/json")
