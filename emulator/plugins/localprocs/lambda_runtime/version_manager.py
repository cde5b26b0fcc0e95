"""What LocalStack's Lambda service itself does differently with processes underneath."""

from functools import partial
from typing import Any

from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.services.lambda_.invocation import version_manager
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

from localprocs.lambda_runtime import metrics, proactive
from localprocs.lambda_runtime.executor import publisher

_invoke = LambdaVersionManager.invoke
_start = LambdaVersionManager.start


def install() -> None:
    """Count throttles, and leave logs and the other counters to the executor, which knows more of them."""
    LambdaVersionManager.invoke = _invoke_or_count_throttle
    LambdaVersionManager.start = _start_and_know
    LambdaVersionManager.store_logs = _nothing
    version_manager.record_cw_metric_error = _nothing
    version_manager.record_cw_metric_invocation = _nothing


def _invoke_or_count_throttle(manager: LambdaVersionManager, **options: Any) -> Any:
    try:
        return _invoke(manager, **options)
    except TooManyRequestsException:
        publisher.run(partial(metrics.throttled, manager.function_version))
        raise


def _start_and_know(manager: LambdaVersionManager) -> Any:
    state = _start(manager)
    proactive.know(manager)
    return state


def _nothing(*_: Any, **__: Any) -> None:
    pass
