"""The limiter's metrics: one PutMetricData a batch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.metric_names import NAMESPACE, Dimension, Metric
from huntaze_scraper.rate_limiter.decisions import Decision, Forwarding, count_by_action

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class Metrics:
    """Publishes what was decided; without it nothing else changes."""

    def __init__(self, client: "CloudWatchClient", logger: Logger) -> None:
        """Use the client."""
        self._client = client
        self._logger = logger

    def publish(self, decisions: Sequence[Decision]) -> None:
        """Count forwarded and delayed messages, in all and by action; a failure is logged, not raised."""
        data: list[Any] = []
        for metric, forwardings in (
            (Metric.RATE_LIMIT_ALLOWED_COUNT, (Forwarding.FORWARDED,)),
            (Metric.RATE_LIMIT_REJECTED_COUNT, (Forwarding.DELAYED, Forwarding.BEHIND)),
        ):
            counts = count_by_action(decisions, *forwardings)
            if counts:
                data.append(_datum(metric, counts.total()))
                data.extend(_datum(metric, count, action) for action, count in sorted(counts.items()))
        if not data:
            return
        try:
            self._client.put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            self._logger.warning("metrics not published", error=type(error).__name__)


def _datum(metric: Metric, count: int, action: str | None = None) -> dict[str, Any]:
    dimensions = [{"Name": Dimension.ACTION.value, "Value": action}] if action else []
    return {"MetricName": metric.value, "Value": count, "Unit": metric.unit, "Dimensions": dimensions}
