"""A service answers once all of it is there, however many ask for it first at the same time.

LocalStack notes that a service is loaded, and adds what it answers then: who asks in between is told that there is no
handler for the operation. Stacks that are deployed side by side do.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.handlers.service_plugin import ServiceLoader
from localstack.utils.patch import patch


def install() -> None:
    """Have whoever asks wait for the one who loads."""

    @patch(ServiceLoader.require_service)
    def _require(original: Callable[..., None], self: ServiceLoader, chain: Any, context: Any, response: Any) -> None:
        if not context.service:
            return
        name, whole = context.service.service_name, self.__dict__.setdefault("whole_services", set())
        if name not in whole:
            with self.service_locks[name]:
                original(self, chain, context, response)
                whole.add(name)
