"""Takes messages from the workflows queue: groups at the same time, each group in order."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.queues.limits import MAX_ENTRIES
from huntaze_scraper.telemetry.logs import job_lines
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker, State
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.outcome import Outcome, Then
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.shutdown import Interrupted, Shutdown
from huntaze_scraper.worker.workflows_queue import WorkflowsQueue

LOOK_SECONDS = 5.0
"""How often a loop that waits looks up, so that health can tell it from one that is stuck."""
LONGEST_RECEIVE_PAUSE_SECONDS = 30.0
STOPS = "the worker stops"
LANES_A_PAGE = 4
"""How many groups are taken for each page, so that downloads which wait for one another keep no other job away."""

log = structlog.stdlib.get_logger(__name__)


class MessageProcessor(Protocol):
    """Decides what becomes of a message."""

    async def process(self, message: Message) -> Outcome:
        """Carry a message's job out as far as it goes; raises nothing."""
        ...


@dataclass(slots=True, eq=False)
class Lane:
    """One group's messages in hand, the oldest first."""

    group_id: str
    waiting: deque[Message] = field(default_factory=deque)
    at_work: Message | None = None

    @property
    def needs_page(self) -> bool:
        """Whether what is at work, or comes next, needs a page."""
        message = self.at_work or next(iter(self.waiting), None)
        return message is not None and message.needs_page


class Consumer:
    """The polling loop and one lane a group."""

    def __init__(
        self,
        queue: WorkflowsQueue,
        processor: MessageProcessor,
        in_hand: InHand,
        breaker: CircuitBreaker,
        readiness: Readiness,
        shutdown: Shutdown,
        clock: Clock,
        pages: int,
    ) -> None:
        """Work on at most ``pages`` groups in pages at once, and on as many that only download."""
        self._queue = queue
        self._processor = processor
        self._in_hand = in_hand
        self._breaker = breaker
        self._readiness = readiness
        self._shutdown = shutdown
        self._clock = clock
        self._pages = pages
        self._page = asyncio.Semaphore(pages)
        self._download = asyncio.Semaphore(pages)
        self._lanes: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._trial: Message | None = None
        """What was received to try the site with, half open."""
        self.looked_at = clock.monotonic()
        """When the loop last went round."""

    async def run(self) -> None:
        """Work until the shutdown begins; return when nothing is in hand any more."""
        pause = 1.0
        while not self._shutdown.stopping.is_set():
            self.looked_at = self._clock.monotonic()
            most = self._room() if await self._readiness.ready() else 0
            if most == 0:
                await self._wait()
                continue
            try:
                messages = await self._queue.receive(most)
                pause = 1.0
            except StoreUnavailable as error:
                log.warning("receive_failed", reason=str(error), wait_seconds=pause)
                # What keeps the queue from answering, a key say, may silence the table too: who has not met that
                # takes a lease which nobody could give back for a death.
                self._readiness.doubt()
                with suppress(Interrupted):
                    await self._shutdown.sleep(pause)
                pause = min(pause * 2, LONGEST_RECEIVE_PAUSE_SECONDS)
                continue
            if self._shutdown.stopping.is_set():
                await self._hand_back(messages, 0, STOPS)
                break
            self._dispatch(messages)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _room(self) -> int:
        """Return how many messages may be asked for now."""
        now = self._clock.monotonic()
        in_pages = sum(lane.needs_page for lane in self._lanes.values())
        is_full = in_pages >= self._pages or len(self._lanes) >= self._pages * LANES_A_PAGE
        if is_full or self._breaker.wait_seconds(now):
            return 0
        if self._breaker.state(now) is State.CLOSED:
            return MAX_ENTRIES
        return 0 if self._trial in self._in_hand else 1

    async def _wait(self) -> None:
        """Wait until there may be room, the breaker may have closed, or the end begins."""
        now = self._clock.monotonic()
        seconds = min(self._breaker.wait_seconds(now) or LOOK_SECONDS, LOOK_SECONDS)
        stopping = asyncio.create_task(self._shutdown.stopping.wait())
        await asyncio.wait((stopping, *self._tasks), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    def _dispatch(self, messages: Sequence[Message]) -> None:
        self._in_hand.take(messages)
        if messages and self._breaker.state(self._clock.monotonic()) is State.HALF_OPEN:
            self._trial = messages[0]
        for message in messages:
            lane = self._lanes.get(message.group_id)
            if lane is None:
                lane = self._lanes[message.group_id] = Lane(message.group_id)
                task = asyncio.create_task(self._work(lane), name=f"lane {message.group_id}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            lane.waiting.append(message)

    async def _work(self, lane: Lane) -> None:
        """Work a lane off, one message after the other; what cannot be done now goes back, and all after it."""
        try:
            while lane.waiting:
                async with self._page if lane.needs_page else self._download:
                    if not await self._next(lane):
                        return
        finally:
            if self._lanes.get(lane.group_id) is lane:
                del self._lanes[lane.group_id]
            await self._hand_back(
                lane.waiting, 0, STOPS if self._shutdown.stopping.is_set() else "the one before is back"
            )

    async def _next(self, lane: Lane) -> bool:
        """Do the lane's next message; tell whether the lane goes on."""
        if self._shutdown.stopping.is_set():
            return False
        seconds, why = self._breaker.wait_seconds(self._clock.monotonic()), "the circuit breaker is open"
        if not await self._readiness.ready():
            seconds, why = lane.waiting[0].stand_by_seconds, f"{', '.join(self._readiness.missing)} missing"
        if seconds:
            await self._hand_back(_all(lane), seconds, why)
            return False
        message = lane.waiting.popleft()
        if message.lost or message.lease_until <= self._clock.now():
            self._in_hand.drop((message, *_all(lane)))
            return False
        with job_lines(time.monotonic(), **message.log_fields) as lines:
            lane.at_work = message
            try:
                outcome = await self._processor.process(message)
            finally:
                lane.at_work = None
            lines.end(str(outcome.status))
            if outcome.then is Then.DELETE:
                await self._delete(message)
                return True
            if outcome.then is Then.LET_GO:
                self._in_hand.drop((message, *_all(lane)))
                return False
            # In one call and in order: at no moment is a later message visible before an earlier one.
            await self._hand_back([message, *_all(lane)], outcome.visibility_seconds, outcome.reason)
            return False

    async def _delete(self, message: Message) -> None:
        self._in_hand.drop((message,))
        try:
            await self._queue.delete(message)
        except StoreUnavailable as error:
            # It comes back when its visibility ends, and the ledger knows it then.
            log.warning("message_not_deleted", reason=str(error))
        else:
            log.info("message_deleted")

    async def _hand_back(self, messages: Sequence[Message] | deque[Message], seconds: float, why: str) -> None:
        ours = [message for message in messages if not message.lost]
        if isinstance(messages, deque):
            messages.clear()
        self._in_hand.drop(ours)
        if not ours:
            return
        try:
            await self._queue.change_visibility(ours, math.ceil(seconds))
            log.info(
                "messages_handed_back",
                count=len(ours),
                creator_id=ours[0].group_id,
                seconds=math.ceil(seconds),
                reason=why or None,
            )
        except StoreUnavailable as error:
            log.warning("messages_not_handed_back", count=len(ours), reason=str(error))


def _all(lane: Lane) -> list[Message]:
    messages = list(lane.waiting)
    lane.waiting.clear()
    return messages
