"""Where LocalStack finds the executor: LAMBDA_RUNTIME_EXECUTOR=process."""

from typing import Any

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """Loads the executor when the first function is made."""

    name = "process"

    def load(self, *_args: Any, **_options: Any) -> type:
        """Return the executor's class."""
        from localprocs.lambda_runtime import service  # noqa: PLC0415 - imported with the first function

        return service.install()
