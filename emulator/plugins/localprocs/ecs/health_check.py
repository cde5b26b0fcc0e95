"""Runs a container's health check and tells each change of the verdict."""

import threading
import time
from collections.abc import Callable

from localprocs.ecs.model import Container, Json
from localprocs.ecs.policy.health import Check, Health, after_probe, next_probe_seconds
from localprocs.ecs.runner import Running


def watch_health(container: Container, running: Running, ended: threading.Event, tell: Callable[[str], None]) -> None:
    """Probe until the container has ended, on a thread of its own."""
    threading.Thread(
        target=_watch, args=(container.definition, running, ended, tell), name="ecs-health", daemon=True
    ).start()


def _watch(definition: Json, running: Running, ended: threading.Event, tell: Callable[[str], None]) -> None:
    check = Check.of(definition["healthCheck"])
    arguments = probe_arguments(definition["healthCheck"]["command"])
    health = Health()
    begun = time.monotonic()
    while not ended.wait(next_probe_seconds(health, check, time.monotonic() - begun)):
        passed = running.probe(arguments, check.timeout)
        before, health = health, after_probe(health, check, passed=passed, age=time.monotonic() - begun)
        if health.status != before.status and not ended.is_set():
            tell(health.status)


def probe_arguments(command: list[str]) -> list[str]:
    """Return the arguments of ``["CMD", …]``, ``["CMD-SHELL", "line"]`` or, as Docker reads it, a bare list."""
    if command[0] == "CMD-SHELL":
        return ["/bin/sh", "-c", *command[1:]]
    return list(command[1:] if command[0] == "CMD" else command)
