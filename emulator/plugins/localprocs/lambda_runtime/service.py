"""Puts the parts of Lambda together."""

from localprocs.event_source_mapping import plugin as event_source_mapping
from localprocs.lambda_runtime import environments, event_poller, lifetime, version_metrics
from localprocs.lambda_runtime.executor import ProcessRuntimeExecutor


def install() -> type[ProcessRuntimeExecutor]:
    """Change what LocalStack's Lambda service does itself, and return the executor for the rest."""
    version_metrics.install()
    event_source_mapping.install()
    event_poller.install()
    environments.install()
    lifetime.install()
    return ProcessRuntimeExecutor
