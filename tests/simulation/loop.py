"""An event loop without selector, threads or real time: a seed says which ready task goes next, waiting takes none.

Blocking calls (of boto3's clients, of a Lambda function, of an operator's command) run in greenlets, which stand still
while the world goes on: ``block``.

What asyncio promises holds: the callbacks of one future, and what was handed to ``call_soon``, run in their order.
Which of several *tasks* that are ready goes first, no program may rely on, and is drawn.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet

from tests.simulation.process import PROCESS, Process

EPOCH = 1_700_000_000.0
"""The world's time when it begins, seconds since the Unix epoch."""
MOST_LAST_WORDS = 20


class NothingWaits(AssertionError):
    """Everything waits, and for nothing that could come."""


class WorldOver(BaseException):
    """What still stands in a greenlet when its world is over is to end."""


def _close(coroutine: Any) -> None:
    """End a coroutine that stands, whatever it tries to do about it."""
    for _ in range(MOST_LAST_WORDS):
        try:
            coroutine.close()
        except BaseException:  # noqa: BLE001 it wants to go on
            continue
        return


def _let_go(action: Any) -> None:
    """Drop what will not be run; the end of a generator that was to be waited for is no oversight then."""
    for argument in getattr(action, "_args", None) or ():
        if hasattr(argument, "close"):
            _close(argument)


class Blocked:
    """A greenlet that stands still until its time is over or somebody wakes it."""

    __slots__ = ("_greenlet", "is_over", "loop", "process")

    def __init__(self, loop: "SimulationLoop") -> None:
        self.loop, self.process = loop, loop.current
        self._greenlet = getcurrent()
        self.is_over = False

    def resume(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._greenlet.switch()

    def wake(self) -> None:
        """Let it go on as soon as it is its turn."""
        if not self.is_over:
            self.loop.at(self.loop.time(), self.process, self.resume)


class SimulationLoop(asyncio.BaseEventLoop):
    """The loop; its time begins at 0."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.set_exception_handler(lambda *_: None)  # of errors in what was killed nobody hears
        self.random = random
        self.world = Process("world")
        self.current = self.world
        """The process whose step it is."""
        self.steps = 0
        self.is_over = False
        self._now = 0.0
        self._numbers = 0
        self._timers: list[tuple[float, int, Process, Any]] = []
        self._callbacks: deque[tuple[Process, Any]] = deque()
        self._tasks: list[tuple[Process, Any]] = []
        self._hub = getcurrent()
        self._greenlets: set[greenlet] = set()
        self._graveyard: list[Any] = []
        self._callers: dict[greenlet, asyncio.Task[Any] | None] = {}

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self.at(when, context.get(PROCESS, self.current) if context else self.current, handle)
        return handle

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def at(self, when: float, process: Process, action: Any) -> None:
        """Do something in a process at a moment of the loop: a function, or a handle of asyncio's."""
        self._numbers += 1
        heapq.heappush(self._timers, (when, self._numbers, process, action))

    def _call_soon(self, callback: Any, args: Any, context: Context | None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        process = context.get(PROCESS, self.current) if context else self.current
        is_task = isinstance(getattr(callback, "__self__", None), asyncio.Task)
        (self._tasks if is_task else self._callbacks).append((process, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        if not self.is_over:
            super()._asyncgen_finalizer_hook(agen)  # type: ignore[misc]

    def _write_to_self(self) -> None:
        pass

    def _process_events(self, event_list: Any) -> None:
        pass

    def _run_once(self) -> None:
        """Run what is ready, one thing; where nothing is, let the time come of what is next."""
        if self._callbacks:
            process, handle = self._callbacks.popleft()
            self._run(process, handle)
            return
        tasks = self._tasks
        if tasks:
            place = int(self.random.random() * len(tasks)) if len(tasks) > 1 else 0
            tasks[place], tasks[-1] = tasks[-1], tasks[place]
            self._run(*tasks.pop())
            return
        if not self._timers:
            raise NothingWaits
        when, _, process, action = heapq.heappop(self._timers)
        self._now = max(when, self._now)
        self._run(process, action)

    def _run(self, process: Process, action: Any) -> None:
        if process.is_dead:
            _let_go(action)
            return
        is_handle = isinstance(action, asyncio.Handle)
        if is_handle and action._cancelled:
            return
        if process.stalled_until > self._now:
            self.at(process.stalled_until, process, action)
            return
        self.current = process
        self.steps += 1
        if process.kill_after_steps is not None:
            process.kill_after_steps -= 1
            if process.kill_after_steps < 0:
                process.met_by()
                process.kill()
                _let_go(action)
                self.current = self.world
                return
        if is_handle:
            action._run()
        else:
            action()
        self.current = self.world

    # Blocking code.

    def run_in_executor(self, _executor: Any, func: Any, *args: Any) -> Any:
        """Run a blocking call in a greenlet, in one of the process's threads."""
        process, future = self.current, self.create_future()
        task = asyncio.current_task(self)

        def work() -> None:
            self._callers[getcurrent()] = task
            try:
                result = func(*args)
            except WorldOver:
                raise
            except BaseException as error:  # noqa: BLE001 it is raised where it is awaited
                settle = future.set_exception, error
            else:
                settle = future.set_result, result
            if not future.done():
                settle[0](settle[1])
            self._callers.pop(getcurrent(), None)
            process.busy_threads -= 1
            if process.queued_calls:
                process.queued_calls.popleft()()

        def begin() -> None:
            process.busy_threads += 1
            self.spawn(work, process)

        if process.busy_threads < process.threads:
            begin()
        else:
            process.queued_calls.append(begin)
        return future

    def spawn(self, work: Callable[[], None], process: Process) -> None:
        """Run blocking code in a process, from its next step on."""
        context = copy_context()
        context.run(PROCESS.set, process)

        def run() -> None:
            self._greenlets.add(made)
            try:
                context.run(work)
            except WorldOver:
                pass
            finally:
                self._greenlets.discard(made)

        made = greenlet(run, parent=self._hub)
        self.at(self._now, process, made.switch)

    def block(self, seconds: float, signal: "list[Blocked] | None" = None) -> None:
        """Stand still in a greenlet for so long, or until somebody wakes what was put on the signal."""
        if self.is_over:
            raise WorldOver
        if getcurrent() is self._hub:
            raise AssertionError("a blocking call inside the event loop")
        blocked = Blocked(self)
        self.at(self._now + seconds, self.current, blocked.resume)
        if signal is not None:
            signal.append(blocked)
        self._hub.switch()
        self.current = blocked.process

    @property
    def task_of_caller(self) -> asyncio.Task[Any] | None:
        """The task that waits for the blocking code that asks."""
        return self._callers.get(getcurrent())

    @property
    def may_block(self) -> bool:
        """Whether the caller is blocking code."""
        return getcurrent() is not self._hub

    def set_default_executor(self, executor: Any) -> None:
        self.current.threads = executor._max_workers

    def add_signal_handler(self, _number: int, callback: Any, *_: Any) -> None:
        self.current.signal_handler = callback

    def start(self, work: Any, process: Process) -> asyncio.Task[Any]:
        """Begin a coroutine as a process's main task."""
        context = copy_context()
        context.run(PROCESS.set, process)
        return asyncio.Task(work, loop=self, context=context, name=process.name)

    def keep(self, process: Process) -> None:
        """Keep the tasks of a process that is dead."""
        self._graveyard += self.tasks_of(process)

    def tasks_of(self, process: Process) -> list[asyncio.Task[Any]]:
        """Return the tasks of a process that are not done."""
        return [it for it in asyncio.all_tasks(self) if it.get_context().get(PROCESS) is process]

    def finish(self) -> None:
        """End all that still stands, without a word."""
        self.is_over = True
        for each in list(self._greenlets):
            each.throw(WorldOver)
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            _close(task.get_coro())
        for action in (*(it for _, it in self._callbacks), *(it for *_, it in self._timers)):
            _let_go(action)
        self._callbacks.clear()
        self._tasks.clear()
        self._timers.clear()
        self._graveyard.clear()

    def stall(self, process: Process, seconds: float) -> None:
        """Freeze a process, and the caller with it if it is of it."""
        process.stalled_until = max(process.stalled_until, self._now + seconds)
        if self.current is process and self.may_block:
            self.block(0)

    def end(self, process: Process) -> None:
        """Kill the process that the caller is of: it never returns."""
        process.kill()
        self.block(0)
        raise WorldOver
