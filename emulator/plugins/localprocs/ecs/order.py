"""The order in which a task's containers start and stop (dependsOn)."""

from collections.abc import Sequence

from localprocs.ecs.model import Container


def is_met(condition: str, container: Container) -> bool | None:
    """Whether another container may start now; None if it never can."""
    stopped = container.last_status == "STOPPED"
    if condition == "START":
        return container.last_status != "PENDING"
    if condition == "COMPLETE":
        return stopped
    if condition == "SUCCESS":
        return None if stopped and container.exit_code != 0 else stopped
    if stopped or container.health == "UNHEALTHY":
        return None
    return container.health == "HEALTHY"


def give_up_at(waiting: Sequence[Container], containers: Sequence[Container]) -> float | None:
    """Return when a waiting container gives up on those that it depends on: their startTimeout after their start."""
    others = {each.name: each for each in containers}
    needed = [others[need["containerName"]] for each in waiting for need in each.definition.get("dependsOn") or ()]
    return min(
        (
            each.started_at + each.definition["startTimeout"]
            for each in needed
            if each.started_at and each.definition.get("startTimeout")
        ),
        default=None,
    )


def stop_waves(containers: Sequence[Container]) -> list[list[Container]]:
    """Group containers so that each stops before those that it depends on."""
    left = {each.name: each for each in containers}
    waves: list[list[Container]] = []
    while left:
        needed = {need["containerName"] for each in left.values() for need in each.definition.get("dependsOn") or ()}
        wave = [each for name, each in left.items() if name not in needed] or list(left.values())
        waves.append(wave)
        for each in wave:
            del left[each.name]
    return waves
