"""Carries a job out at the site: tries, and tries again as its error's class allows."""

import math
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import BeginAnew, ErrorClass, OddPage, OutOfTurn, Refused, SiteError, TriesUsedUp, TryAgain
from huntaze_scraper.jobs import Job
from huntaze_scraper.limit.turns import Turn, Turns
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.actions import ActionFunction
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.telemetry.metrics import Recorder
from huntaze_scraper.worker.retry import Attempt, next_attempt
from huntaze_scraper.worker.shutdown import Shutdown

PLAIN_ANSWERS = frozenset(
    {ErrorClass.RATE_LIMIT, ErrorClass.CLIENT_ERROR, ErrorClass.SERVER_ERROR, ErrorClass.UNCERTAIN}
)
"""Classes after which the tab is as good as before."""
PATIENCE_SECONDS = 10.0
"""How long a job waits for its turn in hand; for longer its account's jobs go back, and others use the page."""
RETRY_PATIENCE_SECONDS = 75.0
"""How long one waits that is under way: more than a window."""

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
        turns: Turns,
        requests: Turns | None = None,
        late_effect_seconds: float = 120.0,
    ) -> None:
        """Run ``actions`` in ``tabs``, each attempt in its turn.

        Args:
            tabs: where.
            actions: what, by name.
            metrics: who counts.
            clock: whose time counts.
            shutdown: what ends all waiting.
            turns: the limit of what acts at the site.
            requests: the limit of what an account may ask, if there is one.
            late_effect_seconds: for how long the site may act on a request that it did not answer.
        """
        self._tabs = tabs
        self._actions = actions
        self._metrics = metrics
        self._clock = clock
        self._shutdown = shutdown
        self._turns = turns
        self._requests = requests
        self._late_effect_seconds = late_effect_seconds

    async def carry_out(self, job: Job, once: Once, files: Artifacts) -> Mapping[str, Any]:
        """Return the data of the result.

        Raises:
            SiteError: the last error, when no attempt is left.
            OutOfTurn: the next turn is so far off that others can be served meanwhile.
            Interrupted: the process ends before the job does.
        """
        met: list[ErrorClass] = []
        attempt = Attempt()
        stale_version: int | None = None
        latest: SiteError | None = None
        while True:
            turn, waited = await self._take_turn(job, latest)
            log.info(
                "attempt_begins",
                attempt=len(met) + 1,
                waited_ms=round(waited * 1000),
                timeout_seconds=attempt.timeout_seconds,
            )
            tab: Tab | None = None
            try:
                tab = await self._tabs.take(job.account, stale_version)
                await turn.keep()  # to log in takes a while
                data = await self._act(self._run(job, tab, turn, once, files, attempt, latest))
            except SiteError as error:
                latest = error
                met.append(error.error_class)
                following = None if tab is None and error.error_class is ErrorClass.AUTH else next_attempt(met)
                self._report(job, error, len(met), following)
                await self._put_away(job, tab, error, following)
                if following is None:
                    return await self._last_look(job, once, files, error)
                if tab is not None and following.sign_in:
                    stale_version = tab.session_version
                attempt = following
            except BeginAnew:
                await self._put_away(job, tab, None, attempt)
                continue
            except BaseException:
                # Before anybody else may take the job up, nothing of ours must still be under way.
                if tab is not None:
                    await self._tabs.discard(tab)
                raise
            else:
                await self._tabs.keep(job.account, tab)
                return data
            await self._shutdown.sleep(attempt.wait_seconds)

    async def _act(self, run: Run) -> Mapping[str, Any]:
        try:
            return await self._actions[run.job.action](run)
        except Refused as refusal:
            raise await run.tab.reconsider(refusal) from None

    async def _take_turn(self, job: Job, latest: SiteError | None) -> tuple[Turn, float]:
        """Wait for a turn, and tell for how long (seconds).

        After an error, whose retries are few and soon, with more patience, and then it stands.
        """
        patience = PATIENCE_SECONDS if latest is None else RETRY_PATIENCE_SECONDS
        try:
            turn, waited = await self._turns.take(job.account, job.priority, patience)
        except OutOfTurn as later:
            if latest is not None:
                raise latest from None
            self._metrics.record(Metric.TURN_PUT_OFF_COUNT, 1)
            log.info("turn_put_off", wait_seconds=later.wait_seconds)
            raise
        self._metrics.record(Metric.TURN_WAIT_MS, round(waited * 1000))
        return turn, waited

    async def _pace(self, job: Job) -> None:
        if self._requests is not None:
            await self._requests.take(job.account, job.priority, RETRY_PATIENCE_SECONDS)

    async def _last_look(self, job: Job, once: Once, files: Artifacts, error: SiteError) -> Mapping[str, Any]:
        """Return what came all the same of an effect that the site said had failed; raise its word where nothing did."""
        effect = once.effect
        if not isinstance(error, TryAgain) or effect is None or effect.until > self._clock.now():
            raise error
        once.may_try = False
        turn, _ = await self._take_turn(job, error)
        tab: Tab | None = None
        try:
            tab = await self._tabs.take(job.account)
            return await self._actions[job.action](self._run(job, tab, turn, once, files, Attempt(), error))
        except (SiteError, TriesUsedUp):
            raise error from None
        finally:
            if tab is not None:
                await self._tabs.discard(tab)

    def _run(
        self,
        job: Job,
        tab: Tab,
        turn: Turn,
        once: Once,
        files: Artifacts,
        attempt: Attempt,
        latest: SiteError | None,
    ) -> Run:
        return Run(
            job,
            tab,
            once,
            files,
            self._clock,
            attempt.timeout_seconds,
            late_effect_seconds=self._late_effect_seconds,
            # Another worker's effect is waited for on the queue, for which others get the page.
            patience_seconds=PATIENCE_SECONDS if latest is None else math.inf,
            sleep=self._shutdown.sleep,
            turn=turn,
            pace=partial(self._pace, job),
        )

    async def _put_away(self, job: Job, tab: Tab | None, error: SiteError | None, following: Attempt | None) -> None:
        if tab is None:
            return
        if error is None or error.error_class in PLAIN_ANSWERS:
            await self._tabs.keep(job.account, tab)
        else:
            replaces = following is not None and following.replace_browser and not isinstance(error, OddPage)
            await self._tabs.discard(tab, replace_browser=replaces)

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
