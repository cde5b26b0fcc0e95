"""Whether this task can work: one whose stores or browser do not answer receives nothing until they do."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import structlog

from huntaze_scraper.errors import BrowserUnavailable, StoreUnavailable
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.telemetry.metrics import Recorder

LOOK_SECONDS = 20.0
"""What does not answer a probe in this time does not work."""
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0

type Probe = Callable[[], Awaitable[None]]
"""Raises StoreUnavailable or BrowserUnavailable."""

log = structlog.stdlib.get_logger(__name__)


class Readiness:
    """Probes by itself, apart from all messages, from the first doubt until everything works.

    A job that met trouble casts the doubt. Where the probes find nothing wrong, the trouble is that job's alone.
    """

    def __init__(self, probes: Mapping[str, Probe], metrics: Recorder) -> None:
        """Take everything to work; each probe has a name for people."""
        self._probes = probes
        self._metrics = metrics
        self._doubted = asyncio.Event()
        self._looked = asyncio.Event()
        self._looked.set()
        self.missing: tuple[str, ...] = ()
        """What did not work at the last look."""
        self.failed_looks: Counter[str] = Counter()
        """How many looks on end each was missing."""

    def doubt(self) -> None:
        """Have a look: a job met something of ours that did not work."""
        if not self._doubted.is_set():
            self._doubted.set()
            self._looked.clear()

    async def ready(self) -> bool:
        """Tell whether the task can work, after the first look at a doubt."""
        await self._looked.wait()
        return not self.missing

    async def run(self) -> None:
        """Look whenever there is doubt, and again with growing pauses until all is well; until cancelled."""
        while True:
            await self._doubted.wait()
            pause = FIRST_WAIT_SECONDS
            while await self._is_missing_something():
                log.warning("task_waits", missing=list(self.missing), looks_again_seconds=pause)
                self._metrics.record(Metric.WORKER_NOT_READY_COUNT, 1)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_WAIT_SECONDS)
            self._doubted.clear()

    async def _is_missing_something(self) -> bool:
        waited = bool(self.missing)
        answers = await asyncio.gather(*map(_works, self._probes.values()))
        self.missing = tuple(name for name, works in zip(self._probes, answers, strict=True) if not works)
        self.failed_looks = Counter({name: self.failed_looks[name] + 1 for name in self.missing})
        self._looked.set()
        if waited and not self.missing:
            log.info("task_ready_again")
        return bool(self.missing)


async def _works(probe: Probe) -> bool:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await probe()
    except (StoreUnavailable, BrowserUnavailable, TimeoutError):
        return False
    return True
