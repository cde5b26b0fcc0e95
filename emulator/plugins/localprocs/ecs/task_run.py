"""The life of one task: what it needs is fetched, its containers run, and it ends for a reason."""

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from localprocs import real_time
from localprocs.ecs.cloud import Cloud
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.health_check import watch_health
from localprocs.ecs.logs import LogShipper
from localprocs.ecs.model import Container, Task
from localprocs.ecs.order import give_up_at, is_met, stop_waves
from localprocs.ecs.ports import Ports
from localprocs.ecs.preparation import Prepared, bindings_of, launch_of, prepare
from localprocs.ecs.runner import Runner, Running

LOG = logging.getLogger(__name__)

STOP_SECONDS = 30.0
LONGEST_STOP_SECONDS = 120.0
"""Fargate's stopTimeout: 30 s unless given, 120 s at most."""
LOG_CLOSE_SECONDS = 60.0


class Observer(Protocol):
    """Is told what becomes of a task, and changes its record under the fleet's lock."""

    def change(self, task: Task, container: Container | None = None, **fields: Any) -> None:
        """Set fields of the task, or of its container."""
        ...

    def fail(self, task: Task, code: str, reason: str) -> None:
        """Mark the task as ending by itself; no effect on one that is already ending."""
        ...

    def ended(self, task: Task) -> None:
        """Note that the task has stopped and nothing of it is left."""
        ...


@dataclass
class _Live:
    """A container while it runs."""

    container: Container
    running: Running
    shipper: LogShipper
    ended: threading.Event = field(default_factory=threading.Event)


class TaskRun:
    """Runs one task on a thread of its own."""

    def __init__(
        self,
        task: Task,
        *,
        runner: Runner,
        cloud: Cloud,
        ports: Ports,
        observer: Observer,
        now: Callable[[], float],
    ) -> None:
        """Prepare; nothing happens before ``begin``."""
        self.task = task
        self.begun = real_time.elapsed_with_rest()
        self._now = now
        self.credentials_path = str(uuid4())
        self.credentials_token = uuid4().hex
        self._runner = runner
        self._cloud = cloud
        self._ports = ports
        self._observer = observer
        self._happenings: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._killed = threading.Event()
        self._live: dict[str, _Live] = {}
        self._taken: list[int] = []
        self._folders: list[str] = []
        self._thread = threading.Thread(target=self._run, name=f"ecs-task-{task.id[:8]}", daemon=True)

    def begin(self) -> None:
        """Start the thread."""
        self.begun = real_time.elapsed_with_rest()
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; the task's record says why."""
        self._stop.set()
        self._happenings.put(None)

    def kill(self) -> None:
        """End it at once."""
        self._killed.set()
        self.stop()
        for live in list(self._live.values()):
            live.running.kill()

    def is_over(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    def running(self, container: Container) -> Running | None:
        """Return the container's process while it lives."""
        live = self._live.get(container.name)
        return live.running if live and not live.ended.is_set() else None

    def _run(self) -> None:
        try:
            self._live_and_die()
        except StartFailure as failure:
            self._observer.fail(self.task, "TaskFailedToStart", str(failure))
        except Exception as error:
            LOG.exception("Task %s ended by an error of the emulator", self.task.id)
            self._observer.fail(self.task, "TaskFailedToStart", f"InternalError: {type(error).__name__}: {error}")
        finally:
            self._end()

    def _live_and_die(self) -> None:
        self._observer.change(self.task, last_status="PENDING", pull_started_at=self._now())
        prepared = {each.name: prepare(self._cloud, self.task, each, self._take) for each in self.task.containers}
        self._observer.change(self.task, pull_stopped_at=self._now())
        waiting = list(self.task.containers)
        while not self._stop.is_set():
            self._start_ready(waiting, prepared)
            if not waiting and self.task.last_status == "PENDING":
                self._observer.change(self.task, last_status="RUNNING", started_at=self._now())
            if any(each.is_essential and each.last_status == "STOPPED" for each in self.task.containers):
                self._observer.fail(self.task, "EssentialContainerExited", "Essential container in task exited")
                return
            self._await_happening(waiting)

    def _await_happening(self, waiting: list[Container]) -> None:
        """Wait until something changes; fail if a dependency is not met in its startTimeout."""
        due = give_up_at(waiting, self.task.containers)
        try:
            self._happenings.get(timeout=None if due is None else max(0.0, due - self._now()))
        except queue.Empty:
            raise StartFailure(f"Dependencies of container {waiting[0].name} were not met in time") from None

    def _start_ready(self, waiting: list[Container], prepared: dict[str, Prepared]) -> None:
        others = {each.name: each for each in self.task.containers}
        for container in list(waiting):
            needs = container.definition.get("dependsOn") or ()
            met = [is_met(need["condition"], others[need["containerName"]]) for need in needs]
            if None in met:
                raise StartFailure(f"A dependency of container {container.name} can no longer be met")
            if all(met):
                waiting.remove(container)
                self._start(container, prepared[container.name])

    def _start(self, container: Container, prepared: Prepared) -> None:
        launch = launch_of(
            self.task,
            container,
            prepared,
            gateway=self._cloud.gateway,
            credentials=(self.credentials_path, self.credentials_token),
        )
        self._folders.append(launch.folder)
        running = self._runner.start(launch)
        live = _Live(container, running, LogShipper(running.output, prepared.target, prepared.put))
        self._live[container.name] = live
        if self._killed.is_set():
            running.kill()
        self._observer.change(
            self.task,
            container,
            last_status="RUNNING",
            pid=running.pid,
            started_at=self._now(),
            bindings=list(bindings_of(container.definition, prepared.ports)),
        )
        threading.Thread(target=self._await_exit, args=(live,), name="ecs-container", daemon=True).start()
        if container.has_health_check:
            watch_health(container, running, live.ended, lambda status: self._health_changed(container, status))

    def _take(self, wanted: list[int]) -> dict[int, int]:
        ports = self._ports.take(wanted)
        self._taken += ports.values()
        return ports

    def _await_exit(self, live: _Live) -> None:
        code = live.running.wait()
        self._observer.change(self.task, live.container, last_status="STOPPED", exit_code=code, pid=None)
        live.ended.set()
        self._happenings.put(None)

    def _health_changed(self, container: Container, status: str) -> None:
        self._observer.change(self.task, container, health=status)
        self._happenings.put(None)

    def _end(self) -> None:
        self._observer.change(self.task, last_status="DEACTIVATING")
        self._observer.change(self.task, last_status="STOPPING")
        for wave in stop_waves([live.container for live in self._live.values()]):
            self._stop_wave([self._live[container.name] for container in wave])
        for container in self.task.containers:
            if container.last_status != "STOPPED":
                self._observer.change(self.task, container, last_status="STOPPED")
        self._observer.change(self.task, last_status="DEPROVISIONING", execution_stopped_at=self._now())
        for live in self._live.values():
            live.shipper.close(LOG_CLOSE_SECONDS)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._ports.give_back(self._taken)
        self._observer.ended(self.task)

    def _stop_wave(self, wave: list[_Live]) -> None:
        begun = time.monotonic()
        for live in wave:
            live.running.terminate()
        for live in wave:
            given = live.container.definition.get("stopTimeout")
            timeout = min(STOP_SECONDS if given is None else float(given), LONGEST_STOP_SECONDS)
            if self._killed.is_set() or not live.ended.wait(max(0.0, begun + timeout - time.monotonic())):
                live.running.kill()
                live.ended.wait()
