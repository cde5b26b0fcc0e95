"""Custom metrics: gathered by the minute, sent in batches, none lost at a clean end."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.clock import Clock
from huntaze_scraper.metric_names import NAMESPACE, Dimension, Metric

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

FLUSH_SECONDS = 30.0
VALUES_A_DATUM = 150
"""CloudWatch's limit on distinct values in one datum."""
DATA_A_REQUEST = 500
"""Half of CloudWatch's limit, so that a request stays below its 1 MB."""
MOST_KEPT = 20_000
"""Data kept while CloudWatch does not answer; beyond it the oldest go."""

type Dimensions = tuple[tuple[str, str], ...]

log = structlog.stdlib.get_logger(__name__)


class Recorder(Protocol):
    """Takes samples of metrics."""

    def record(self, metric: Metric, value: float, *, action: str = "", creator_id: str = "", status: str = "") -> None:
        """Take one sample. Empty dimensions are left out."""
        ...


class Metrics:
    """Takes samples and publishes each twice: as the roll-up, which alarms see, and by its dimensions."""

    def __init__(self, client: "CloudWatchClient", clock: Clock, *, by_creator: bool = True) -> None:
        """Publish through ``client``; without ``by_creator`` the dimension creator_id is left out."""
        self._client = client
        self._clock = clock
        self._by_creator = by_creator
        self._samples: dict[tuple[Metric, Dimensions, int], Counter[float]] = {}
        self._unsent: deque[dict[str, Any]] = deque(maxlen=MOST_KEPT)
        self._is_anything = asyncio.Event()

    def record(self, metric: Metric, value: float, *, action: str = "", creator_id: str = "", status: str = "") -> None:
        """Take one sample. Empty dimensions are left out."""
        minute = int(self._clock.now() // 60) * 60
        named = {Dimension.ACTION: action, Dimension.STATUS: status}
        if self._by_creator:
            named[Dimension.CREATOR_ID] = creator_id
        detailed = tuple(sorted((str(name), text) for name, text in named.items() if text))
        for dimensions in {(), detailed}:
            self._samples.setdefault((metric, dimensions, minute), Counter())[value] += 1
        self._is_anything.set()

    async def flush(self) -> None:
        """Send all that was taken; what CloudWatch does not take is kept for the next flush."""
        self._unsent.extend(self._drain())
        while self._unsent:
            batch: list[Any] = [self._unsent[index] for index in range(min(DATA_A_REQUEST, len(self._unsent)))]
            try:
                await asyncio.to_thread(self._client.put_metric_data, Namespace=NAMESPACE, MetricData=batch)
            except (ClientError, BotoCoreError) as error:
                log.warning("metrics_not_sent", error=type(error).__name__, kept=len(self._unsent))
                return
            for _ in batch:
                self._unsent.popleft()

    async def run(self) -> None:
        """Flush again and again while there is anything to send, until cancelled."""
        while True:
            await self._is_anything.wait()
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
            if not (self._samples or self._unsent):
                self._is_anything.clear()

    def _drain(self) -> Iterator[dict[str, Any]]:
        samples, self._samples = self._samples, {}
        for (metric, dimensions, minute), counts in samples.items():
            for some in batched(counts.items(), VALUES_A_DATUM, strict=False):
                yield {
                    "MetricName": str(metric),
                    "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions],
                    "Timestamp": datetime.fromtimestamp(minute, UTC),
                    "Unit": metric.unit,
                    "Values": [value for value, _ in some],
                    "Counts": [float(count) for _, count in some],
                }
