"""Messages come back, or begin to be seen, at their moment: LocalStack looks for such messages once a second.

That look would be most of what wakes an idle emulator, and be late by up to a second.
"""

import heapq
import threading
import time
from collections.abc import Callable
from typing import Any

from localstack.runtime import hooks
from localstack.services.sqs.models import SqsMessage, SqsQueue
from localstack.services.sqs.provider import QueueUpdateWorker
from localstack.utils.patch import patch

LOOK_ANYWAY_SECONDS = 300.0
JUST_AFTER_SECONDS = 0.001
"""A delay is over just after its last moment."""


class Moments:
    """Does something at moments (epoch seconds) that it is told of, on a thread of its own."""

    def __init__(self, act: Callable[[], None]) -> None:
        """Have nothing to do yet."""
        self._act = act
        self._noted: list[float] = []
        self._changed = threading.Condition()
        self._is_stopped = False

    def note(self, moment: float) -> None:
        """Act at that moment, too."""
        with self._changed:
            heapq.heappush(self._noted, moment)
            if self._noted[0] == moment:
                self._changed.notify()

    def start(self) -> None:
        """Act from now on."""
        threading.Thread(target=self._run, name="sqs-due-messages", daemon=True).start()

    def stop(self) -> None:
        """Act no more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while self._await_next():
            self._act()

    def _await_next(self) -> bool:
        with self._changed:
            while not self._is_stopped:
                now = time.time()
                if self._noted and self._noted[0] < now:
                    while self._noted and self._noted[0] < now:
                        heapq.heappop(self._noted)
                    return True
                self._changed.wait(self._noted[0] - now + JUST_AFTER_SECONDS if self._noted else LOOK_ANYWAY_SECONDS)
                if not self._noted:
                    return not self._is_stopped
            return False


class _Delayed(set[SqsMessage]):
    """A queue's delayed messages."""

    def __init__(self, note: Callable[[float], None]) -> None:
        super().__init__()
        self._note = note

    def add(self, message: SqsMessage) -> None:
        super().add(message)
        self._note(message.created + (message.delay_seconds or 0))


@hooks.on_infra_start()
def look_when_due() -> None:
    """Have the queues looked at when something in them is due."""
    running: list[Moments] = []

    def note(moment: float) -> None:
        for each in running:
            each.note(moment)

    @patch(QueueUpdateWorker.start)
    def _start(_original: Callable[..., None], self: QueueUpdateWorker) -> None:
        if not running:
            running.append(Moments(self.do_update_all_queues))
            running[-1].start()

    @patch(QueueUpdateWorker.stop)
    def _stop(_original: Callable[..., None], _self: QueueUpdateWorker) -> None:
        while running:
            running.pop().stop()

    @patch(SqsQueue.__init__)
    def _init(original: Callable[..., None], self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.delayed = _Delayed(note)

    @patch(SqsQueue.add_inflight_message)
    def _add(original: Callable[..., None], self: SqsQueue, message: SqsMessage) -> None:
        original(self, message)
        note(message.visibility_deadline)

    @patch(SqsMessage.update_visibility_timeout)
    def _update(original: Callable[..., None], self: SqsMessage, timeout: int) -> None:
        original(self, timeout)
        note(self.visibility_deadline)
