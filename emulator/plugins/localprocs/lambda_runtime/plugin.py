"""Where LocalStack finds the executor: LAMBDA_RUNTIME_EXECUTOR=process."""

from typing import Any

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """Loads the executor when the first function is made."""

    name = "process"

    def load(self, *_args: Any, **_options: Any) -> type:
        """Return the executor's class."""
        from localprocs.event_source_mapping import plugin as event_source_mapping
        from localprocs.lambda_runtime import version_manager
        from localprocs.lambda_runtime.executor import ProcessRuntimeExecutor

        version_manager.install()
        event_source_mapping.install()
        return ProcessRuntimeExecutor
