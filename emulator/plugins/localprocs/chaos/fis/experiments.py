"""Experiments: a template's actions, done in their order on the clock of all."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from localprocs.chaos.fis import templates
from localprocs.chaos.rules import Rules

LOOK_SECONDS = 10.0
"""How often stop conditions are looked at."""
INTERRUPT = "aws:ec2:send-spot-instance-interruptions"
NOTICE_SECONDS = 120.0
"""Before a Spot interruption."""


class World(Protocol):
    """What experiments act on."""

    def tasks(self, target: Mapping[str, Any], *, on_spot: bool) -> list[str]:
        """Return the ARNs of the tasks that a target means, of all or of those on Spot."""
        ...

    def stop(self, role: str, task: str) -> None:
        """Stop a task, with a role."""
        ...

    def interrupt(self, task: str) -> None:
        """Interrupt a task on Spot."""
        ...

    def take_on(self, role: str) -> None:
        """Take the experiment's role on; raises where it may not."""
        ...

    def is_in_alarm(self, alarm: str) -> bool:
        """Whether an alarm is in ALARM."""
        ...


class Experiment:
    """One experiment, under way or over."""

    def __init__(self, identity: str, template: Mapping[str, Any], world: World, faults: Rules) -> None:
        """Prepare; nothing is done yet."""
        self.id, self.template = identity, template
        self._world, self._faults = world, faults
        self._changed = threading.Condition()
        self._is_stopped = False
        self.status, self.reason = "pending", ""
        self.states = dict.fromkeys(template["actions"], "pending")
        self.created = datetime.now(UTC)
        self.begun: datetime | None = None
        self.ended: datetime | None = None

    def start(self) -> threading.Thread:
        """Begin, on a thread of its own."""
        thread = threading.Thread(target=self.run, name="fis-experiment", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End it, and what it does to others."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def run(self) -> None:
        """Carry it out."""
        self.status, self.begun = "running", datetime.now(UTC)
        try:
            self._world.take_on(self.template["roleArn"])
            self._run_actions()
        except Exception as error:  # noqa: BLE001 - whatever it is, the experiment says so
            self.status, self.reason = "failed", str(error)
        else:
            self.status = "stopped" if self._is_stopped else "completed"
        self.ended = datetime.now(UTC)
        ends = {"running": self.status, "pending": "cancelled"}
        self.states = {name: ends.get(state, state) for name, state in self.states.items()}

    def _run_actions(self) -> None:
        actions = self.template["actions"]
        running: dict[str, tuple[float, Callable[[], None]]] = {}
        try:
            while True:
                now = time.time()
                for name, (moment, end) in list(running.items()):
                    if moment <= now:
                        end()
                        self.states[name] = "completed"
                        del running[name]
                for name in self._ready():
                    running[name] = self._begin(name, actions[name])
                if self._must_stop() or (not running and not self._ready()):
                    return
                next_end = min((moment for moment, _ in running.values()), default=now)
                with self._changed:
                    self._changed.wait_for(lambda: self._is_stopped, max(0.0, min(next_end - now, LOOK_SECONDS)))
        finally:
            self._is_stopped |= bool(running)
            for _, end in running.values():
                end()

    def _ready(self) -> list[str]:
        return [
            name
            for name, action in self.template["actions"].items()
            if self.states[name] == "pending"
            and all(self.states[other] == "completed" for other in action.get("startAfter") or [])
        ]

    def _begin(self, name: str, action: Mapping[str, Any]) -> tuple[float, Callable[[], None]]:
        """Do what an action does at its begin; return when it ends, and what ends it."""
        self.states[name] = "running"
        kind, given = action["actionId"], action.get("parameters") or {}
        chosen = self._chosen(kind, action)
        now = time.time()
        if kind == "aws:ecs:stop-task":
            for task in chosen:
                self._world.stop(self.template["roleArn"], task)
            return now, lambda: None
        if kind == INTERRUPT:
            ahead = templates.duration_seconds(given.get("durationBeforeInterruption", "PT2M")) - NOTICE_SECONDS
            return now + max(0.0, ahead), lambda: self._interrupt(chosen)
        rules = [] if kind == "aws:fis:wait" else self._faults.add(templates.rules(action, chosen))
        return now + templates.duration_seconds(given["duration"]), lambda: self._faults.drop(rules)

    def _interrupt(self, tasks: list[str]) -> None:
        for task in [] if self._is_stopped else tasks:
            self._world.interrupt(task)

    def _chosen(self, kind: str, action: Mapping[str, Any]) -> list[str]:
        key, resource_type = templates.ACTIONS[kind]
        if not key:
            return []
        name = action["targets"][key]
        target = self.template["targets"][name]
        if resource_type == templates.TASK:
            found = self._world.tasks(target, on_spot=kind == INTERRUPT)
        else:
            found = list(target.get("resourceArns") or [])
        chosen = templates.select(target["selectionMode"], found, f"{self.template['id']}/{name}")
        if not chosen:
            raise LookupError(f"Target resolution returned empty set for target {name}")
        return chosen

    def _must_stop(self) -> bool:
        alarms = [it["value"] for it in self.template.get("stopConditions") or [] if it["source"] != "none"]
        for alarm in alarms:
            if not self._is_stopped and self._world.is_in_alarm(alarm):
                self._is_stopped, self.reason = True, f"The experiment was stopped by a stop condition: {alarm}"
        return self._is_stopped
