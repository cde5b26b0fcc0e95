"""Calls between the emulator's own services, which no jump of the clock may break off."""

from collections.abc import Callable
from typing import Any

from botocore.config import Config
from localstack.aws.connect import InternalClientFactory
from localstack.runtime import hooks
from localstack.utils.patch import patch

PATIENT = Config(read_timeout=None, connect_timeout=None)


@hooks.on_infra_start(priority=100)
def wait_for_answers() -> None:
    """Let internal clients wait as long as an answer takes.

    LocalStack's services call each other over HTTP with time-outs of a minute, on the virtual clock: a jump, or one
    real second at speed 60, would end a call under way, and botocore would send it once more: a notification twice.
    """

    @patch(InternalClientFactory.get_client)
    def _get_client(
        original: Callable[..., Any],
        self: InternalClientFactory,
        *arguments: Any,
        config: Config | None = None,
        **named: Any,
    ) -> Any:
        patient = (config or self._config).merge(PATIENT)
        return original(self, *arguments, config=patient, **named)
