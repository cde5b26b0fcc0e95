"""A function's environments, looked through as of one moment.

LocalStack goes through them while other invocations begin and end environments of the same function, and the invocation
that looks then fails by it (``dictionary changed size during iteration``).
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.utils.patch import patch


class Environments(dict[str, ExecutionEnvironment]):
    """Those of one version, by their ids."""

    def values(self) -> Any:
        """Return those that there are now."""
        return list(super().values())


def install() -> None:
    """Keep each version's environments so."""

    @patch(AssignmentService.__init__)
    def _init(original: Callable[..., None], self: AssignmentService) -> None:
        original(self)
        self.environments = defaultdict(Environments)
