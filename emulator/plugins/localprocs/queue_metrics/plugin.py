"""Has every queue's metrics published each minute, in the place of LocalStack's own publisher."""

import time
from collections.abc import Callable
from typing import Any

from localstack.runtime import hooks
from localstack.services.sqs import provider as sqs
from localstack.utils.patch import patch

from localprocs.alarms.minutes import MINUTES
from localprocs.queue_metrics.activity import ACTIVITY
from localprocs.queue_metrics.publisher import count, publish_minutes


@hooks.on_infra_start()
def publish_queue_metrics() -> None:
    """Take over."""
    _take_over_api_metrics()
    MINUTES.at_each(publish_minutes)


def _take_over_api_metrics() -> None:
    @patch(sqs.CloudwatchPublishWorker.start)
    def _start(_original: Callable[..., None], _self: sqs.CloudwatchPublishWorker) -> None:
        """LocalStack's own publisher stays at rest."""

    @patch(sqs.CloudwatchPublishWorker.stop)
    def _stop(_original: Callable[..., None], _self: sqs.CloudwatchPublishWorker) -> None:
        """Nothing runs."""

    # LocalStack makes a whole API call of each sample, several for each message: these go straight to the store.
    @patch(sqs.CloudwatchDispatcher.dispatch_sqs_metric)
    def _dispatch(
        _original: Callable[..., None],
        _self: sqs.CloudwatchDispatcher,
        account_id: str,
        region: str,
        queue_name: str,
        metric: str,
        value: float = 1,
        unit: str = "Count",
    ) -> None:
        count(account_id, region, queue_name, metric, float(value), unit, time.time())

    @patch(sqs.SqsProvider._resolve_queue)  # noqa: SLF001 - the one place that every operation on a queue passes
    def _resolve(original: Callable[..., Any], self: sqs.SqsProvider, *arguments: Any, **named: Any) -> Any:
        queue = original(self, *arguments, **named)
        ACTIVITY.note(queue.arn)
        return queue
