"""How many custom metrics there are, counted by the code that publishes them."""

import asyncio
from typing import Any, cast

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.telemetry.metrics import Metrics

ACTIONS = ("send_message", "scrape_profile", "download_media", "get_messages")
LIMITER_METRICS = 2 * (1 + len(ACTIONS))
"""Allowed and rejected, each in all and by action."""
OUTCOMES = ("succeeded", "failed", "rate_limited")
SITE_ERRORS = {Metric.ONLYFANS_429_COUNT: "429", Metric.ONLYFANS_4XX_COUNT: "404", Metric.ONLYFANS_5XX_COUNT: "503"}


def count(creators: int, *, by_creator: bool, everything_happens: bool = True) -> int:
    """Return the number of distinct metrics of so many creators.

    Each creator has jobs of all four actions. Where everything happens, each action succeeds, fails and meets
    each kind of the site's errors within the month; else every job succeeds.
    """
    one, two = (_counted(number, by_creator, everything_happens) for number in (1, 2))
    return one + (creators - 1) * (two - one) + LIMITER_METRICS


def _counted(creators: int, by_creator: bool, everything_happens: bool) -> int:
    seen = _Seen()
    metrics = Metrics(cast("Any", seen), SystemClock(), by_creator=by_creator)
    for number in range(creators):
        for action in ACTIONS:
            _record(metrics, action, f"creator-{number}", OUTCOMES if everything_happens else OUTCOMES[:1])
            for metric, status in SITE_ERRORS.items() if everything_happens else ():
                metrics.record(metric, 1, action=action, creator_id=f"creator-{number}", status=status)
        asyncio.run(metrics.flush())
    return len(seen.metrics)


def _record(metrics: Metrics, action: str, creator: str, outcomes: tuple[str, ...]) -> None:
    for status in outcomes:
        where = {"action": action, "creator_id": creator, "status": status}
        metrics.record(Metric.SCRAPING_DURATION_MS, 1, **where)
        metrics.record(Metric.QUEUE_WAIT_MS, 1, **where)
        if status != "rate_limited":
            metrics.record(Metric.SCRAPING_SUCCESS_RATE, 100, **where)


class _Seen:
    def __init__(self) -> None:
        self.metrics: set[tuple[str, ...]] = set()

    def put_metric_data(self, *, MetricData: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803 - AWS's name
        for each in MetricData:
            dimensions = sorted(f"{it['Name']}={it['Value']}" for it in each["Dimensions"])
            self.metrics.add((each["MetricName"], *dimensions))
