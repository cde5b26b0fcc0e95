"""An environment ends well before the credentials that it was given do: AWS ends each after some hours, busy or not."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.utils.patch import patch

LONGEST_LIFE_SECONDS = 6 * 3600
"""Half of the time for which LocalStack gives an environment its role."""


def install() -> None:
    """Note when environments begin, and hand out none that is too old."""

    @patch(ExecutionEnvironment.start)
    def _start(original: Callable[..., None], self: ExecutionEnvironment) -> None:
        self.begun = time.time()
        original(self)

    @patch(AssignmentService.get_environment)
    @contextlib.contextmanager
    def _get_environment(
        original: Callable[..., Any], self: AssignmentService, version_manager_id: str, *arguments: Any, **named: Any
    ) -> Iterator[ExecutionEnvironment]:
        end_the_old(list(self.environments[version_manager_id].values()), time.time())
        with original(self, version_manager_id, *arguments, **named) as environment:
            yield environment


def end_the_old(environments: list[Any], now: float) -> None:
    """End those that are idle and have lived long enough."""
    for environment in environments:
        if now - environment.begun > LONGEST_LIFE_SECONDS:
            # What LocalStack does with one that nobody has used for a while: it ends if it is idle.
            environment.keepalive_passed()
