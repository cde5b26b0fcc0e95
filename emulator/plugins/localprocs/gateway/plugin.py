"""Where LocalStack finds the server: GATEWAY_SERVER=threads."""

from typing import Any

from localstack.runtime.server.core import RuntimeServerPlugin


class ThreadsRuntimeServerPlugin(RuntimeServerPlugin):
    """Loads the server."""

    name = "threads"

    def load(self, *_arguments: Any, **_options: Any) -> Any:
        """Return the server."""
        from localprocs.gateway import economies, service_loading  # noqa: PLC0415 - imported when it is chosen
        from localprocs.gateway.server import ThreadsRuntimeServer  # noqa: PLC0415 - as above

        economies.install()
        service_loading.install()
        return ThreadsRuntimeServer()
