"""Carries a job out at the site: tries, and tries again as its error's class allows."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import ErrorClass, NoAnswer, SiteError
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.actions import ActionFunction
from huntaze_scraper.onlyfans.actions.run import Artifacts, Once, Run
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.telemetry.metrics import Recorder
from huntaze_scraper.worker.retry import Attempt, next_attempt
from huntaze_scraper.worker.shutdown import Shutdown

PLAIN_ANSWERS = frozenset({ErrorClass.RATE_LIMIT, ErrorClass.CLIENT_ERROR, ErrorClass.SERVER_ERROR})
"""Classes after which the tab is as good as before."""
SETTLE_SECONDS = 2.0
"""How long a click whose page broke may take to show in the conversation."""

log = structlog.stdlib.get_logger(__name__)


class Attempts:
    """Runs actions in tabs."""

    def __init__(
        self,
        tabs: SignedInTabs,
        actions: Mapping[str, ActionFunction],
        metrics: Recorder,
        clock: Clock,
        shutdown: Shutdown,
    ) -> None:
        """Run ``actions`` in ``tabs``."""
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
        attempt, stale_version, settle_seconds = Attempt(), None, 0.0
        while True:
            tab: Tab | None = None
            try:
                tab = await self._tabs.take(job.account, stale_version)
                run = Run(job, tab, once, files, self._clock, attempt.timeout_seconds, settle_seconds)
                data = await self._actions[job.action](run)
            except SiteError as error:
                met.append(error.error_class)
                following = None if tab is None and error.error_class is ErrorClass.AUTH else next_attempt(met)
                self._report(job, error, len(met), following)
                await self._put_away(job, tab, error, following)
                if following is None:
                    raise
                stale_version = tab.session_version if tab and following.sign_in else None
                settle_seconds = following.timeout_seconds if isinstance(error, NoAnswer) else SETTLE_SECONDS
                attempt = following
            except BaseException:
                # Before anybody else may take the job up, nothing of ours must still be under way.
                if tab is not None:
                    await self._tabs.discard(tab)
                raise
            else:
                await self._tabs.keep(job.account, tab)
                return data
            await self._shutdown.sleep(attempt.wait_seconds)

    async def _put_away(self, job: Job, tab: Tab | None, error: SiteError, following: Attempt | None) -> None:
        if tab is None:
            return
        if error.error_class in PLAIN_ANSWERS:
            await self._tabs.keep(job.account, tab)
        else:
            await self._tabs.discard(tab, replace_browser=bool(following and following.replace_browser))

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
            self._metrics.record(
                metric, 1, action=job.action, creator_id=job.account, status=str(error.status or error.error_class)
            )


def _metric(error: SiteError) -> Metric | None:
    if error.error_class is ErrorClass.CHALLENGE:
        return Metric.CHALLENGE_COUNT
    if error.status is None or error.status < HTTPStatus.BAD_REQUEST:
        return None
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Metric.ONLYFANS_429_COUNT
    return Metric.ONLYFANS_5XX_COUNT if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Metric.ONLYFANS_4XX_COUNT
