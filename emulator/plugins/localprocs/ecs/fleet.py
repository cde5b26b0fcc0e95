"""Everything that ECS holds, under one lock, and the thread that keeps it as it should be."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from localprocs.ecs import service_control, telling
from localprocs.ecs.cloud import Cloud
from localprocs.ecs.model import (
    STOPPED_KEPT_SECONDS,
    Cluster,
    Container,
    Json,
    Place,
    Protection,
    Task,
    TaskDefinition,
    new_id,
)
from localprocs.ecs.ports import Ports
from localprocs.ecs.region import Region
from localprocs.ecs.runner import Runner
from localprocs.ecs.service import Deployment, Service
from localprocs.ecs.task_run import TaskRun

LOG = logging.getLogger(__name__)


class Fleet:
    """Holds every region; reads and changes happen under ``lock``."""

    def __init__(self, runner: Runner, cloud: Cloud, now: Callable[[], float] = time.time) -> None:
        """Begin empty; ``open`` starts the thread."""
        self.lock = threading.RLock()
        self.cloud = cloud
        self.now = now
        self._runner = runner
        self._ports = Ports()
        self._regions: dict[Place, Region] = {}
        self._runs: dict[str, TaskRun] = {}
        self._changed = threading.Condition(self.lock)
        self._sequence = 0
        self._is_open = False

    def open(self) -> None:
        """Start the thread that reconciles."""
        with self.lock:
            if not self._is_open:
                self._is_open = True
                threading.Thread(target=self._keep, name="ecs-fleet", daemon=True).start()

    def close(self) -> list[TaskRun]:
        """Start no task any more, ask those that run to end, and return them."""
        with self.lock:
            self._is_open = False
            self._changed.notify_all()
            runs = self.runs()
            for run in runs:
                self.stop_task(run.task, "ServiceSchedulerInitiated", "The emulator is shutting down")
            return runs

    def region(self, place: Place) -> Region:
        """Return an account's region, empty at first."""
        with self.lock:
            return self._regions.setdefault(place, Region(place))

    def regions(self) -> list[Region]:
        """Return all regions that hold anything."""
        with self.lock:
            return list(self._regions.values())

    def run_of(self, task: Task) -> TaskRun | None:
        """Return what runs the task, while it does."""
        return self._runs.get(task.arn)

    def runs(self) -> list[TaskRun]:
        """Return all that run."""
        with self.lock:
            return list(self._runs.values())

    def touch(self) -> None:
        """Have everything looked at again, at once."""
        with self.lock:
            self._changed.notify_all()

    def start_task(
        self,
        cluster: Cluster,
        definition: TaskDefinition,
        *,
        group: str,
        capacity_provider: str | None,
        started_by: str | None = None,
        deployment: Deployment | None = None,
        **settings: Any,
    ) -> Task:
        """Make a task and have it run."""
        with self.lock:
            self._sequence += 1
            place, task_id = cluster.place, new_id()
            containers = [
                Container(each, place.arn(f"container/{cluster.name}/{task_id}/{new_id()}"), f"{task_id}-{index:010d}")
                for index, each in enumerate(definition.containers)
            ]
            task = Task(
                place=place,
                cluster=cluster,
                definition=definition,
                id=task_id,
                sequence=self._sequence,
                containers=containers,
                group=group,
                created_at=self.now(),
                capacity_provider=capacity_provider,
                started_by=started_by or (deployment.id if deployment else None),
                deployment_id=deployment.id if deployment else None,
                **settings,
            )
            self.region(place).tasks[task.arn] = task
            run = TaskRun(task, runner=self._runner, cloud=self.cloud, ports=self._ports, observer=self, now=self.now)
            self._runs[task.arn] = run
            self._publish(task)
            run.begin()
            return task

    def stop_task(self, task: Task, code: str, reason: str) -> None:
        """Have a task end for a reason; no effect on one that is ending already."""
        with self.lock:
            if self._mark_stopping(task, code, reason) and (run := self._runs.get(task.arn)):
                run.stop()

    def protect(self, task: Task, seconds: float | None) -> None:
        """Protect a task from scale-in for so long, or no longer."""
        with self.lock:
            task.protection = None if seconds is None else Protection(self.now() + seconds)
            self._changed.notify_all()

    def change(self, task: Task, container: Container | None = None, **fields: Any) -> None:
        """Set fields of a task or of its container, tell it, and look at its service again."""
        with self.lock:
            for name, value in fields.items():
                setattr(container or task, name, value)
            if {"last_status", "health"} & fields.keys():
                task.version += 1
                self._publish(task)
            if service := self._service_of(task):
                service_control.note_change(service, task, container, fields, self.now())
            self._changed.notify_all()

    def fail(self, task: Task, code: str, reason: str) -> None:
        """Mark a task as ending by itself."""
        with self.lock:
            if not self._mark_stopping(task, code, reason):
                return
            if code == "TaskFailedToStart" and not any(each.reason for each in task.containers):
                task.containers[0].reason = reason
            if service := self._service_of(task):
                service_control.note_end(service, task, self.now())

    def ended(self, task: Task) -> None:
        """Note that nothing of the task is left."""
        with self.lock:
            self._runs.pop(task.arn, None)
            self.change(task, last_status="STOPPED", stopped_at=self.now(), protection=None)

    def reset(self) -> None:
        """Kill every task and forget everything."""
        with self.lock:
            self._regions.clear()
            runs = self.runs()
        for run in runs:
            run.kill()

    def find_container(self, runtime_id: str) -> tuple[Task, Container] | None:
        """Find a container by its id."""
        with self.lock:
            for region in self._regions.values():
                for task in region.tasks.values():
                    for container in task.containers:
                        if container.runtime_id == runtime_id:
                            return task, container
        return None

    def publish(self, place: Place, kind: str, resources: Iterable[str], detail: Json) -> None:
        """Tell EventBridge."""
        event = {
            "Source": "aws.ecs",
            "DetailType": kind,
            "Resources": list(resources),
            "Detail": telling.as_event(detail),
        }
        self.cloud.publish(place, {**event, "Time": telling.moment(self.now())})

    def _mark_stopping(self, task: Task, code: str, reason: str) -> bool:
        if not task.is_wanted:
            return False
        task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
        task.stopping_at = self.now()
        task.version += 1
        self._publish(task)
        self._changed.notify_all()
        return True

    def _publish(self, task: Task) -> None:
        detail = {**telling.of_task(task), "updatedAt": telling.moment(self.now())}
        self.publish(task.place, "ECS Task State Change", [task.arn], detail)

    def _service_of(self, task: Task) -> Service | None:
        name = task.service_name
        return self.region(task.place).services.get((task.cluster.name, name)) if name else None

    def _keep(self) -> None:
        with self._changed:
            while self._is_open:
                try:
                    moments = list(self._reconcile())
                except Exception:
                    LOG.exception("A step of ECS failed")
                    moments = [self.now() + 1.0]
                wait = max(0.0, min(moments) - self.now()) if moments else None
                self._changed.wait(wait)

    def _reconcile(self) -> Iterator[float]:
        """Take every service a step on; yield the moments at which something is due."""
        now = self.now()
        for region in list(self._regions.values()):
            for service in list(region.services.values()):
                yield from service_control.reconcile(self, region, service)
            for task in list(region.tasks.values()):
                if task.last_status != "STOPPED" or task.stopped_at is None:
                    continue
                if task.stopped_at + STOPPED_KEPT_SECONDS <= now:
                    del region.tasks[task.arn]
                else:
                    yield task.stopped_at + STOPPED_KEPT_SECONDS
