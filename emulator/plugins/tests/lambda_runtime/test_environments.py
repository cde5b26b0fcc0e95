"""Invocations of one function that look for an environment while others begin theirs."""

from typing import Any

import pytest
from localprocs.lambda_runtime import environments
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import InvalidStatusException
from localstack.services.lambda_.invocation.lambda_models import InitializationType


class Environment:
    """Stands for LocalStack's: one that is busy, or is free; while it is asked, another invocation begins one."""

    initialization_type = InitializationType.on_demand

    def __init__(self, service: AssignmentService, *, is_busy: bool) -> None:
        self._service, self._is_busy = service, is_busy

    def reserve(self) -> None:
        begun: Any = Environment(self._service, is_busy=True)
        self._service.environments["version"][f"begun while {id(self)} was asked"] = begun
        if self._is_busy:
            raise InvalidStatusException("busy")

    def release(self) -> None:
        pass


def test_one_that_is_free_is_found_while_others_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever begins one meanwhile does not make the invocation fail."""
    monkeypatch.setattr(AssignmentService, "__init__", AssignmentService.__init__)
    environments.install()
    service = AssignmentService()
    busy, free = (Environment(service, is_busy=is_busy) for is_busy in (True, False))
    known: Any = {"busy": busy, "free": free}
    service.environments["version"].update(known)
    version: Any = None

    with service.get_environment("version", version, InitializationType.on_demand) as found:
        assert found is free
    service.stop()
