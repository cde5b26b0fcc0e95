"""The one place that chooses the collaborators of the process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
import structlog
from botocore.config import Config

from huntaze_scraper.clock import Clock, SystemClock
from huntaze_scraper.errors import BrowserUnavailable
from huntaze_scraper.limit.gates import DynamoGates
from huntaze_scraper.limit.in_force import DynamoMarks, Scope
from huntaze_scraper.limit.rate import Limit
from huntaze_scraper.limit.turns import Turns
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.actions import actions
from huntaze_scraper.onlyfans.browser import Browser
from huntaze_scraper.onlyfans.credentials import SecretsManagerCredentials
from huntaze_scraper.onlyfans.media_fetch import MediaFetch
from huntaze_scraper.onlyfans.media_hosts import MediaHosts
from huntaze_scraper.onlyfans.session_store import DynamoSessionStore
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.onlyfans.tabs import Tabs
from huntaze_scraper.settings import ACCOUNT, WorkerSettings
from huntaze_scraper.state.keys import SCOPE, Kind
from huntaze_scraper.state.table import StateTable
from huntaze_scraper.telemetry.metrics import Metrics
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.attempts import Attempts
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker, State
from huntaze_scraper.worker.consumer import Consumer
from huntaze_scraper.worker.health_server import HealthServer
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.ledger import DynamoLedger
from huntaze_scraper.worker.object_store import S3ObjectStore
from huntaze_scraper.worker.pauses import DynamoPauses
from huntaze_scraper.worker.processor import Processor
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.shutdown import Shutdown
from huntaze_scraper.worker.workflows_queue import SqsWorkflowsQueue

GRACE_SHARE = 0.7
"""Of the stop time-out, what running jobs may use; the rest is for handing back, closing and flushing."""
STUCK_SECONDS = 300.0
"""Longer than a receive may take with all its retries."""
FAILED_STARTS = 3
"""Of the browser, on end, before the task is to be replaced. For a store, no other task would do better."""
BROWSER = "browser"
THREADS = 24
CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
"""Longer than a long poll."""

log = structlog.stdlib.get_logger(__name__)


class Application:
    """The process, put together from its settings."""

    def __init__(self, settings: WorkerSettings, redactor: Redactor) -> None:
        """Choose the collaborators; nothing is started or called yet."""
        clock = self._clock = SystemClock()
        config = Config(
            max_pool_connections=THREADS,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "max_attempts": 4},
        )
        session = boto3.Session()

        def client(name: Any) -> Any:
            return session.client(name, config=config)

        dynamodb = client("dynamodb")
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "calls"))
        self.shutdown = Shutdown(settings.stop_timeout_seconds * GRACE_SHARE)
        self.metrics = Metrics(client("cloudwatch"), clock, by_creator=settings.metrics_by_creator)
        self.browser = Browser(settings.chromium_path, settings.browser_locale, settings.browser_time_zone)
        self._breaker = CircuitBreaker(self._breaker_changed)
        queue = self.queue = SqsWorkflowsQueue(
            client("sqs"), settings.workflows_queue_url, settings.workflows_dlq_url, settings.visibility_seconds, clock
        )
        ledger = DynamoLedger(dynamodb, settings.state_table, clock)
        tabs = self.tabs = SignedInTabs(
            Tabs(self.browser, Site(settings.site_url), settings.pages * 2),
            SecretsManagerCredentials(client("secretsmanager"), settings.credentials_secret_id, redactor),
            DynamoSessionStore(dynamodb, settings.state_table, clock),
            redactor,
            clock,
        )
        media = MediaFetch(MediaHosts.parse(settings.media_hosts), settings.max_media_mebibytes * 2**20)
        self.in_hand = InHand(queue, ledger, clock, settings.visibility_seconds)
        pauses = DynamoPauses(dynamodb, settings.state_table, clock)
        store = S3ObjectStore(client("s3"), settings.results_bucket)
        self.readiness = Readiness(
            {"state table": ledger.probe, "results bucket": store.probe, BROWSER: self._probe_browser}, self.metrics
        )
        self.processor = Processor(
            ledger=ledger,
            pauses=pauses,
            store=store,
            reactions=Reactions(
                queue, ledger, pauses, store, clock, redactor, settings.max_failures, settings.max_receives
            ),
            carrier=Attempts(
                tabs,
                actions(media),
                self.metrics,
                clock,
                self.shutdown,
                *_turns(settings, StateTable(dynamodb, settings.state_table), clock, self.shutdown),
                late_effect_seconds=settings.late_effect_seconds,
            ),
            in_hand=self.in_hand,
            breaker=self._breaker,
            readiness=self.readiness,
            metrics=self.metrics,
            clock=clock,
            shutdown=self.shutdown,
        )
        self.consumer = Consumer(
            queue, self.processor, self.in_hand, self._breaker, self.readiness, self.shutdown, clock, settings.pages
        )
        self.health = HealthServer(settings.health_port, self.report)

    async def run(self) -> None:
        """Work until the shutdown begins, then leave nothing behind."""
        await self.browser.start()
        await self.browser.require_place()
        await self.health.start()
        log.info("worker_started", health_port=self.health.port)
        loops = [asyncio.create_task(each.run()) for each in (self.in_hand, self.metrics, self.readiness)]
        try:
            await self.consumer.run()
        finally:
            for loop in loops:
                loop.cancel()
            await self.browser.close()
            await self.metrics.flush()
            await self.health.close()
            log.info("worker_stopped", why=self.shutdown.why)

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Tell whether the task is worth keeping, and what it does."""
        now = self._clock.monotonic()
        polling = now - self.consumer.looked_at < STUCK_SECONDS or self.shutdown.stopping.is_set()
        missing = self.readiness.missing
        browser = self.readiness.failed_looks[BROWSER] < FAILED_STARTS
        return polling and browser, {
            "status": "replace" if not (polling and browser) else "waits" if missing else "ok",
            "missing": list(missing),
            "stopping": self.shutdown.stopping.is_set(),
            "browser": "does not start" if not browser else "running" if self.browser.alive else "down",
            "polling": "ok" if polling else "stuck",
            "breaker": self._breaker.state(now),
            "in_hand": len(self.in_hand),
            "jobs": [{"job_id": job_id, "action": action} for job_id, action in self.processor.current.items()],
        }

    async def _probe_browser(self) -> None:
        if not await self.browser.make_ready():
            raise BrowserUnavailable("Chromium opens no page")

    def _breaker_changed(self, before: State, after: State) -> None:
        log.warning("circuit_breaker_changed", before=str(before), after=str(after))
        if after is State.OPEN:
            self.metrics.record(Metric.CIRCUIT_BREAKER_OPEN_COUNT, 1)


def _turns(settings: WorkerSettings, table: StateTable, clock: Clock, shutdown: Shutdown) -> tuple[Turns, Turns | None]:
    """Make what gives turns to attempts, and to single requests where these are limited."""
    limit = Limit(settings.rate_limit_capacity, round(settings.rate_limit_window_seconds * 1000))
    marks = DynamoMarks(table, Kind.TURN.key(SCOPE))
    gates = DynamoGates(table, clock, Scope(marks, settings.rate_limit_scope, limit.return_ms / 1000, clock))
    turns = Turns(gates, limit, settings.rate_limit_scope, clock, shutdown.sleep)
    if not settings.rate_limit_account_requests:
        return turns, None
    requests = replace(limit, capacity=settings.rate_limit_account_requests)
    return turns, Turns(gates, requests, ACCOUNT, clock, shutdown.sleep, Kind.REQUESTS)
