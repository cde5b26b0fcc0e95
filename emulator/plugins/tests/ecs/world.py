"""A whole ECS over fakes: a clock that the test moves, containers without processes, a cloud that remembers."""

import io
import threading
import time
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

from localprocs.ecs.errors import StartFailure
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Task
from localprocs.ecs.provider import all_operations
from localprocs.ecs.runner import Launch, Usage

PLAN = [
    {"capacityProvider": "FARGATE_SPOT", "weight": 4, "base": 0},
    {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
]
WAIT_SECONDS = 50.0
LOOK_SECONDS = 0.01


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


class FakeContainer:
    """Runs until it is told to end; heeds SIGTERM unless it is stubborn."""

    def __init__(self, pid: int, launch: Launch) -> None:
        self.pid = pid
        self.launch = launch
        self.output = io.BytesIO(b"started\n")
        self.is_stubborn = "stubborn" in launch.arguments
        self.signals: list[str] = []
        self.cpu_seconds = 0.0
        self._code: int | None = None
        self._ended = threading.Event()

    def finish(self, code: int) -> None:
        if not self._ended.is_set():
            self._code = code
            self._ended.set()

    def wait(self) -> int:
        self._ended.wait()
        return self._code or 0

    def terminate(self) -> None:
        self.signals.append("SIGTERM")
        if not self.is_stubborn:
            self.finish(0)

    def kill(self) -> None:
        self.signals.append("SIGKILL")
        self.finish(137)

    def usage(self) -> Usage:
        return Usage(self.cpu_seconds, 512 * 1024**2)

    def probe(self, _arguments: list[str], _timeout: float) -> bool:
        return True


class FakeRunner:
    """Keeps what it started, by container id; a command ``fail`` cannot start, ``crash`` ends at once with 1."""

    def __init__(self) -> None:
        self.containers: dict[str, FakeContainer] = {}
        self._pids = count(1000)

    def start(self, launch: Launch) -> FakeContainer:
        if "fail" in launch.arguments:
            raise StartFailure("CannotStartContainerError: told to")
        made = self.containers[launch.mark] = FakeContainer(next(self._pids), launch)
        if "crash" in launch.arguments:
            made.finish(1)
        return made


class FakeCloud:
    """Remembers what it is told."""

    gateway = "http://gateway"

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.logs: dict[str, list[Any]] = {}
        self.events: list[Any] = []
        self.samples: list[Any] = []

    def secret(self, _place, _role, value_from):
        if value_from not in self.secrets:
            raise StartFailure(f"ResourceInitializationError: {value_from}")
        return self.secrets[value_from]

    def open_log(self, _place, _role, target):
        return self.logs.setdefault(target.stream, []).extend

    def credentials(self, _place, _role, _session):
        return {
            "AccessKeyId": "id",
            "SecretAccessKey": "key",
            "SessionToken": "token",
            "Expiration": "2030-01-01T00:00:00Z",
        }

    def publish(self, _place, event):
        self.events.append(event)

    def put_metrics(self, _place, begins, samples):
        self.samples.append((list(begins), list(samples)))


class World:
    """ECS in a region, with one cluster that has the two Fargate providers."""

    def __init__(self) -> None:
        self.clock, self.runner, self.cloud = Clock(), FakeRunner(), FakeCloud()
        self.fleet = Fleet(self.runner, self.cloud, self.clock)
        self.fleet.open()
        self.context = SimpleNamespace(account_id="000000000000", region="us-east-1", partition="aws")
        self._operations = all_operations(self.fleet)
        self("CreateCluster", clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])
        self(
            "PutClusterCapacityProviders",
            cluster="c",
            capacityProviders=["FARGATE", "FARGATE_SPOT"],
            defaultCapacityProviderStrategy=PLAN,
        )

    def __call__(self, operation: str, **request: Any) -> Any:
        """Call an operation of the API."""
        with self.fleet.lock:
            return self._operations[operation](self.context, request)

    def define(self, *command: str, family: str = "f", **container: Any) -> str:
        """Register a revision with one container that runs the command."""
        definition = {"name": "main", "image": "i", "command": list(command or ("run",)), "stopTimeout": 0, **container}
        made = self(
            "RegisterTaskDefinition", family=family, containerDefinitions=[definition], cpu="1024", memory="2048"
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def serve(self, definition: str | None = None, desired: int = 1, **request: Any) -> None:
        """Create the service ``s``."""
        definition = definition or self.define()
        self("CreateService", cluster="c", serviceName="s", taskDefinition=definition, desiredCount=desired, **request)

    def update(self, **request: Any) -> Any:
        """Update the service ``s``."""
        return self("UpdateService", cluster="c", service="s", **request)

    @property
    def service(self) -> Any:
        """The service ``s`` as it is described."""
        return self("DescribeServices", cluster="c", services=["s"])["services"][0]

    @property
    def messages(self) -> list[str]:
        """The service's events, oldest first, without its name and without ids."""
        return [event["message"].removeprefix("(service s) ") for event in reversed(self.service["events"])]

    def all_tasks(self) -> list[Task]:
        """All that are told, stopped ones too."""
        with self.fleet.lock:
            return [task for region in self.fleet.regions() for task in region.tasks.values()]

    def tasks(self, *states: str) -> list[Task]:
        """The tasks that are in one of the states, or that are wanted."""
        return [task for task in self.all_tasks() if (task.last_status in states if states else task.is_wanted)]

    def process(self, task: Task) -> FakeContainer:
        """The stand-in for the process of a task with one container."""
        return self.runner.containers[task.containers[0].runtime_id]

    def until(self, what: Callable[[], Any]) -> Any:
        """Wait until something holds, and return it."""
        end = time.monotonic() + WAIT_SECONDS
        with self.fleet._changed:
            while not (found := what()) and time.monotonic() < end:
                self.fleet._changed.wait(LOOK_SECONDS)
        assert found, f"it did not come true; the tasks are {[task.last_status for task in self.all_tasks()]}"
        return found

    def ended(self, task: Task) -> None:
        """Wait until nothing of a task is left."""
        self.until(lambda: task.last_status == "STOPPED")

    def count_ended(self, number: int) -> None:
        """Wait until so many tasks have ended."""
        self.until(lambda: len(self.tasks("STOPPED")) >= number)

    def running(self, number: int) -> list[Task]:
        """Wait until so many tasks run and none is on its way, and return them."""
        self.until(lambda: len(self.tasks()) == number and all(task.is_running for task in self.tasks()))
        return self.tasks()

    def steady(self) -> None:
        """Wait until the service is in a steady state."""
        self.until(
            lambda: self.service["events"] and self.service["events"][0]["message"].endswith("reached a steady state.")
        )

    def pass_time(self, seconds: float) -> None:
        """Move the clock and have everything that is due done."""
        with self.fleet.lock:
            self.clock.seconds += seconds
        self.fleet.touch()

    def judge(self, task: Task, health: str) -> None:
        """Give a task's container a verdict."""
        self.fleet.change(task, task.containers[0], health=health)

    def close(self) -> None:
        """End everything."""
        self.fleet.close()
        self.fleet.reset()
