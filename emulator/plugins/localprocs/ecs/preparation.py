"""What a container needs before it can start: secrets, a log stream, ports, and then its environment."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from localprocs.ecs import environment, image
from localprocs.ecs.cloud import Cloud
from localprocs.ecs.logs import LogTarget, Put
from localprocs.ecs.model import Container, Json, Task
from localprocs.ecs.runner import Boxed, Launch

type TakePorts = Callable[[list[int]], dict[int, int]]


@dataclass(frozen=True)
class Prepared:
    """What was fetched for a container."""

    secrets: dict[str, str]
    target: LogTarget | None
    put: Put
    ports: dict[int, int]


def prepare(cloud: Cloud, task: Task, container: Container, take_ports: TakePorts) -> Prepared:
    """Fetch what a container needs, with the execution role.

    Raises:
        StartFailure: something cannot be had; the text is the task's stoppedReason.
    """
    definition, role = container.definition, execution_role(task)
    secrets = {
        name: cloud.secret(task.place, role, value_from)
        for name, value_from in environment.names_of_secrets(definition)
    }
    target = LogTarget.of(definition, task.id, task.place.region)
    put = cloud.open_log(task.place, role, target) if target else _discard
    ports = take_ports([each["containerPort"] for each in definition.get("portMappings") or ()])
    return Prepared(secrets, target, put, ports)


def launch_of(
    task: Task, container: Container, prepared: Prepared, *, gateway: str, credentials: tuple[str, str]
) -> Launch:
    """Lay out the start of a container, in a new folder of its own.

    Raises:
        StartFailure: the file that stands in for the image cannot be read.
    """
    override, stand_in = _override_of(task, container), image.load()
    folder = tempfile.mkdtemp(prefix="ecs-container-")
    given = environment.given_by_ecs(
        region=task.place.region,
        gateway=gateway,
        container_id=container.runtime_id,
        credentials=credentials if task_role(task) else None,
    )
    variables = environment.of_container(
        definition=container.definition,
        override=override,
        image=stand_in,
        clock=environment.clock_of(os.environ),
        ecs=given,
        secrets=prepared.secrets,
        folder=folder,
        ports=prepared.ports,
    )
    arguments = environment.command_of(container.definition, override, stand_in)
    entry = environment.entry_of(container.definition)
    boxed = Boxed(
        image=stand_in.name,
        entry_point=entry,
        command=arguments[len(entry) :],
        mounts=stand_in.mounts,
        definition=container.definition,
        cpu_units=task.size("cpu"),
        memory_mib=task.size("memory"),
    )
    return Launch(arguments, variables, folder, container.runtime_id, boxed)


def bindings_of(definition: Json, ports: dict[int, int]) -> Iterator[Json]:
    """Tell which port of the machine stands for each containerPort."""
    for each in definition.get("portMappings") or ():
        port = each["containerPort"]
        protocol = each.get("protocol", "tcp")
        yield {"bindIP": "127.0.0.1", "containerPort": port, "hostPort": ports[port], "protocol": protocol}


def task_role(task: Task) -> str | None:
    """Return the role whose credentials the containers find."""
    return task.overrides.get("taskRoleArn") or task.definition.content.get("taskRoleArn")


def execution_role(task: Task) -> str | None:
    """Return the role that reads secrets and writes logs."""
    return task.overrides.get("executionRoleArn") or task.definition.content.get("executionRoleArn")


def _override_of(task: Task, container: Container) -> Json:
    overrides: list[Json] = task.overrides.get("containerOverrides") or []
    return next((each for each in overrides if each.get("name") == container.name), {})


def _discard(_events: list[Json]) -> None:
    """Put nothing: the container has no log driver."""
