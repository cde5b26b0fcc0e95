"""Where the services keep what they hold: LocalStack's stores, moto's back ends, our own, and the objects of buckets."""

from collections.abc import Iterator
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.stores import AccountRegionBundle
from localstack.state.core import StateVisitor
from moto.core.base_backend import BackendDict

NOT_HELD = frozenset({"ecs"})
"""Live processes: they are neither copied nor brought back to life."""


class _Collector(StateVisitor):
    def __init__(self) -> None:
        self.found: list[Any] = []

    def visit(self, state_container: Any) -> None:
        if isinstance(state_container, AccountRegionBundle | BackendDict):
            self.found.append(state_container)


def containers() -> dict[str, Any]:
    """Return every container of the services that have been used, by service and number."""
    return dict(_containers())


def _containers() -> Iterator[tuple[str, Any]]:
    for name in sorted(SERVICE_PLUGINS.list_loaded_services()):
        if name in NOT_HELD:
            continue
        service = SERVICE_PLUGINS.get_service(name)
        collector = _Collector()
        service.accept_state_visitor(collector)
        for number, each in enumerate(collector.found):
            yield f"{name}/{number}", each
        storage = getattr(getattr(service, "_provider", None), "_storage_backend", None)
        if storage is not None:
            yield f"{name}/objects", storage._filesystem  # noqa: SLF001 - LocalStack has no other way to them
    yield from _ours()


def _ours() -> Iterator[tuple[str, Any]]:
    from localprocs import queue_journal  # noqa: PLC0415 - what has not been loaded holds nothing
    from localprocs.alarms import stores  # noqa: PLC0415
    from localprocs.autoscaling import targets  # noqa: PLC0415

    yield "localprocs/alarms", stores._books  # noqa: SLF001 - nobody else asks for all
    yield "localprocs/targets", targets._all  # noqa: SLF001
    yield "localprocs/journal", queue_journal._accepted  # noqa: SLF001
