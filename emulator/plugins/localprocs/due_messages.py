"""Messages come back, or begin to be seen, at their moment: LocalStack looks for such messages once a second.

That look would be most of what wakes an idle emulator, and be late by up to a second. A message that was deleted in time
wakes nobody.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from localstack.runtime import hooks
from localstack.services.sqs.models import FifoQueue, SqsMessage, SqsQueue, StandardQueue, sqs_stores
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
        self._noted: list[tuple[float, int, Callable[[], bool]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_stopped = False
        self._is_acting = False

    def note(self, moment: float, is_void: Callable[[], bool] = lambda: False) -> None:
        """Act at that moment, too, unless by then there is nothing to do."""
        with self._changed:
            heapq.heappush(self._noted, (moment, next(self._numbers), is_void))
            if self._noted[0][0] == moment:
                self._changed.notify()

    def start(self) -> None:
        """Act from now on."""
        threading.Thread(target=self._run, name="sqs-due-messages", daemon=True).start()

    def stop(self) -> None:
        """Act no more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()

    def is_due(self) -> bool:
        """Whether a moment has come that was not acted on to the end."""
        with self._changed:
            return self._is_acting or (bool(self._noted) and self._noted[0][0] < time.time())

    def _run(self) -> None:
        while self._await_next():
            self._act()

    def _await_next(self) -> bool:
        with self._changed:
            self._is_acting = False
            while not self._is_stopped and not self._is_acting:
                now = time.time()
                while self._noted and (self._noted[0][2]() or self._noted[0][0] < now):
                    moment, _, is_void = heapq.heappop(self._noted)
                    self._is_acting |= moment < now and not is_void()
                if not self._is_acting:
                    next_one = self._noted[0][0] - now + JUST_AFTER_SECONDS if self._noted else LOOK_ANYWAY_SECONDS
                    self._is_acting = not self._changed.wait(next_one) and not self._noted
            return not self._is_stopped


class _Delayed(set[SqsMessage]):
    """A queue's delayed messages."""

    def __init__(self, note: Callable[[float, SqsMessage], None]) -> None:
        super().__init__()
        self._note = note

    def add(self, message: SqsMessage) -> None:
        super().add(message)
        self._note(message.created + (message.delay_seconds or 0), message)


class Looks:
    """The looks at the queues of LocalStack's workers, who start and stop them: SQS's, and the one of Lambda's events."""

    def __init__(self) -> None:
        """Look at nobody's queues."""
        self._running: dict[QueueUpdateWorker, Moments] = {}

    def start(self, worker: QueueUpdateWorker) -> None:
        """Look at a worker's queues from now on."""
        if worker not in self._running:
            self._running[worker] = moments = Moments(worker.do_update_all_queues)
            moments.start()

    def stop(self, worker: QueueUpdateWorker) -> None:
        """Look at them no more."""
        if moments := self._running.pop(worker, None):
            moments.stop()

    def note(self, moment: float, message: SqsMessage) -> None:
        """Look then, unless by then the message is deleted or hidden for longer."""
        for each in list(self._running.values()):
            each.note(moment, lambda: message.deleted or (message.visibility_deadline or 0) > moment)

    def is_due(self) -> bool:
        """Whether a moment has come that was not acted on to the end."""
        return any(each.is_due() for each in list(self._running.values()))


def queues_now(_worker: QueueUpdateWorker) -> list[SqsQueue]:
    """Return SQS's queues: whoever went through the store itself would fail, for good, by a queue that is made meanwhile."""
    return [queue for _, _, store in sqs_stores.iter_stores() for queue in list(store.queues.values())]


@hooks.on_infra_start()
def look_when_due() -> None:
    """Have the queues looked at when something in them is due."""
    looks = Looks()
    QueueUpdateWorker.iter_queues = queues_now  # type: ignore[method-assign]

    @patch(QueueUpdateWorker.start)
    def _start(_original: Callable[..., None], self: QueueUpdateWorker) -> None:
        looks.start(self)

    @patch(QueueUpdateWorker.stop)
    def _stop(_original: Callable[..., None], self: QueueUpdateWorker) -> None:
        looks.stop(self)

    @patch(SqsQueue.__init__)
    def _init(original: Callable[..., None], self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.delayed = _Delayed(looks.note)

    @patch(SqsQueue.add_inflight_message)
    def _add(original: Callable[..., None], self: SqsQueue, message: SqsMessage) -> None:
        original(self, message)
        looks.note(message.visibility_deadline, message)

    @patch(SqsMessage.update_visibility_timeout)
    def _update(original: Callable[..., None], self: SqsMessage, timeout: int) -> None:
        original(self, timeout)
        looks.note(self.visibility_deadline, self)

    for receive in (StandardQueue.receive, FifoQueue.receive):

        @patch(receive)
        def _receive(original: Callable[..., Any], self: Any, *arguments: Any, **named: Any) -> Any:
            # The thread may not have got to what is due by now.
            if looks.is_due():
                self.requeue_inflight_messages()
                self.enqueue_delayed_messages()
            return original(self, *arguments, **named)
