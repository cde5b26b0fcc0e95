"""Carries a job out at the site: tries, and tries again as its error's class allows."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import ErrorClass, HuntazeError, PageBroken, SiteError
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.actions import ActionFunction
from huntaze_scraper.onlyfans.actions.run import Artifacts, Once, Run
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.telemetry.metrics import Metrics
from huntaze_scraper.worker.retry import Attempt, next_attempt
from huntaze_scraper.worker.shutdown import Interrupted, Shutdown

PLAIN_ANSWERS = frozenset({ErrorClass.RATE_LIMIT, ErrorClass.CLIENT_ERROR, ErrorClass.SERVER_ERROR})
"""Classes after which the tab is as good as before."""
EVIDENCE = "failure.png"
EVIDENCE_SECONDS = 5.0

log = structlog.stdlib.get_logger(__name__)


class Attempts:
    """Runs actions in tabs."""

    def __init__(
        self, tabs: SignedInTabs, actions: Mapping[str, ActionFunction], metrics: Metrics, clock: Clock, shutdown: Shutdown
    ) -> None:
        self._tabs = tabs
        self._actions = actions
        self._metrics = metrics
        self._clock = clock
        self._shutdown = shutdown

    async def carry_out(self, job: Job, once: Once, files: Artifacts) -> Mapping[str, Any]:
        """Return the data of the result.

        Raises:
            SiteError: the last error, when no attempt is left.
            Interrupted: the process ends before the job does.
        """
        met: list[ErrorClass] = []
        attempt, stale_version = Attempt(), None
        while True:
            tab: Tab | None = None
            try:
                tab = await self._tabs.take(job.account, stale_version)
                data = await self._actions[job.action](Run(job, tab, once, files, self._clock, attempt.timeout_seconds))
                await self._tabs.keep(job.account, tab)
                return data
            except SiteError as error:
                met.append(error.error_class)
                following = next_attempt(met)
                self._report(job, error, len(met), following)
                stale_version = tab.session_version if tab and error.error_class is ErrorClass.AUTH else None
                await self._put_away(job, tab, error, files, replace_browser=bool(following and following.replace_browser))
                if following is None or (tab is None and error.error_class is ErrorClass.AUTH):
                    raise
                attempt = following
            except HuntazeError:
                if tab is not None:
                    await self._tabs.discard(tab)
                raise
            await self._shutdown.sleep(attempt.wait_seconds) if attempt.wait_seconds else None
            if self._shutdown.stopping.is_set():
                raise Interrupted("the worker stops")

    async def _put_away(
        self, job: Job, tab: Tab | None, error: SiteError, files: Artifacts, *, replace_browser: bool
    ) -> None:
        if tab is None:
            return
        if error.error_class in PLAIN_ANSWERS:
            await self._tabs.keep(job.account, tab)
            return
        if isinstance(error, PageBroken):
            await _photograph(tab, files)
        await self._tabs.discard(tab, replace_browser=replace_browser)

    def _report(self, job: Job, error: SiteError, number: int, following: Attempt | None) -> None:
        log.warning(
            "site_error",
            error_class=str(error.error_class),
            reason=error.reason,
            http_status=error.status,
            request=error.request,
            attempt=number,
            tries_again=following is not None,
            wait_seconds=following.wait_seconds if following else None,
            timeout_seconds=following.timeout_seconds if following else None,
        )
        metric = _metric(error)
        if metric:
            self._metrics.record(metric, 1, action=job.action, creator_id=job.account, status=str(error.status or error.error_class))


async def _photograph(tab: Tab, files: Artifacts) -> None:
    try:
        async with asyncio.timeout(EVIDENCE_SECONDS), tab.within(EVIDENCE_SECONDS, "screenshot"):
            await files.put(EVIDENCE, await tab.screenshot(), "image/png")
    except (SiteError, HuntazeError, TimeoutError):
        log.info("no_screenshot")


def _metric(error: SiteError) -> Metric | None:
    if error.error_class is ErrorClass.CHALLENGE:
        return Metric.CHALLENGE_COUNT
    if error.status is None or error.status < 400:
        return None
    if error.status == 429:
        return Metric.ONLYFANS_429_COUNT
    return Metric.ONLYFANS_5XX_COUNT if error.status >= 500 else Metric.ONLYFANS_4XX_COUNT
