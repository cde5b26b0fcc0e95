"""Lambda's poller and ECS's life of tasks: what starts processes of ours, and ends them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from huntaze_scraper.errors import BrowserUnavailable
from huntaze_scraper.rate_limiter.handler import Function
from huntaze_scraper.settings import InvalidSettings, RateLimiterSettings, WorkerSettings
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker import __main__ as worker
from tests.simulation.aws.sqs import Message, Queue, as_record
from tests.simulation.ground import Ground
from tests.simulation.loop import Blocked
from tests.simulation.process import Process

FUNCTION_SECONDS = 30.0
MOST_BATCH = 10
LONG_POLL_SECONDS = 20.0
OVERLOOKED_SECONDS = 0.5
"""After so long at most a long poll sees what it has overlooked."""
STOP_SECONDS = 120.0
HEALTH_SECONDS = 30.0
UNHEALTHY_LOOKS = 3
SPOT_SECONDS = 120.0


class Environment:
    """One environment of the function: a process that is used again."""

    def __init__(self, world: Ground, settings: RateLimiterSettings, process: Process) -> None:
        self.world, self.settings, self.process = world, settings, process
        self.function: Function | None = None

    def invoke(self, records: list[dict[str, Any]]) -> Mapping[str, Any] | None:
        """Run the function on a batch; None where it failed, was killed, or took too long."""
        world, answer, signal = self.world, [], list[Blocked]()
        began, until = world.loop.time(), world.loop.time() + FUNCTION_SECONDS
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: int((until - world.loop.time()) * 1000))

        def run() -> None:
            if self.function is None:
                world.loop.block(world.random.uniform(0.3, 1.5))
                self.function = Function(self.settings)
            try:
                answer.append(self.function({"Records": records}, context))  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001 Lambda tells its poller no more than that
                world.trace(self.process.name, "log", "function failed", type(error).__name__, str(error))
                answer.append(None)
            for each in signal:
                each.wake()

        world.loop.spawn(run, self.process)
        while not answer and not self.process.is_dead and world.loop.time() < until:
            signal.clear()
            world.loop.block(min(until - world.loop.time(), 1.0), signal)
        if not answer:
            self.process.kill()
            world.trace("lambda", "ended", self.process.name, f"after {world.loop.time() - began:.1f} s", "")
            return None
        result: Mapping[str, Any] | None = answer[0]
        return result


class EventSource:
    """The mapping from the ingress queue to the function."""

    def __init__(self, world: Ground, queue: Queue, concurrency: int) -> None:
        self._world, self._queue = world, queue
        self.environments: list[Environment | None] = [None] * concurrency
        self._count = 0

    def start(self) -> None:
        for slot in range(len(self.environments)):
            self._world.loop.spawn(lambda slot=slot: self._poll(slot), self._world.loop.world)  # type: ignore[misc]

    def _poll(self, slot: int) -> None:
        world, queue = self._world, self._queue
        while True:
            if world.is_down("sqs") or world.is_down("kms"):
                world.loop.block(1.0)
                continue
            size = MOST_BATCH if world.random.random() < 0.8 else world.random.randint(1, MOST_BATCH)
            batch = queue.receive(size, None)
            if not batch:
                is_overlooked = any(it.visible_at <= world.now() for it in queue.messages.values())
                wait = OVERLOOKED_SECONDS if is_overlooked else max(queue.next_visible_at() - world.now(), 0.0)
                world.loop.block(min(LONG_POLL_SECONDS, wait + 0.01), queue.signal)
                world.loop.block(world.random.uniform(0.02, 0.4))
                continue
            if world.takes("delivered_twice"):
                in_flight = [it for it in queue.messages.values() if it.visible_at > world.now() and it not in batch]
                batch += in_flight[: MOST_BATCH - len(batch)]
            self._invoke(slot, batch)

    def _invoke(self, slot: int, batch: list[Message]) -> None:
        world = self._world
        environment = self.environments[slot]
        settings = world.limiter_settings
        if environment is None or environment.process.is_dead or environment.settings is not settings:
            self._count += 1
            environment = Environment(world, settings, world.process(f"limiter-{self._count}"))
            self.environments[slot] = environment
        records = [as_record(each) for each in batch]
        answer = environment.invoke(records)
        if answer is None:
            return
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed and not world.takes("deletion_lost"):
                self._queue.delete(record["receiptHandle"])


class Service:
    """The service of the scraper: keeps as many tasks as are wanted."""

    def __init__(self, world: Ground, desired: int) -> None:
        self._world = world
        self.desired = desired
        self.tasks: list[Process] = []
        self._count = 0
        self._unhealthy: dict[Process, int] = {}

    def start(self) -> None:
        self._level()
        self._look()

    @property
    def running(self) -> list[Process]:
        self.tasks = [it for it in self.tasks if not it.is_dead]
        return self.tasks

    def scale(self, by: int) -> None:
        """Want more tasks, or fewer: the oldest goes."""
        self.desired = max(1, self.desired + by)
        self._level()

    def deploy(self) -> None:
        """Replace each task by one of the newest version: first the new ones, then the old ones end."""
        old = list(self.running)
        for _ in old:
            self._start_one()
        for task in old:
            self._world.later(60.0, lambda task=task: self.stop(task))  # type: ignore[misc]

    def stop(self, task: Process, seconds: float = STOP_SECONDS) -> None:
        """Send SIGTERM, and SIGKILL when the time is over."""
        if task.is_dead:
            return
        self._world.trace("ecs", "SIGTERM", task.name, "", "")
        self._world.on_stop(task.name)
        if task.signal_handler is None:
            task.kill()
            return
        self._world.loop.at(self._world.loop.time(), task, task.signal_handler)
        self._world.later(seconds, task.kill)

    def _level(self) -> None:
        """Start what is missing, stop what is too much."""
        running = self.running
        for _ in range(self.desired - len(running)):
            self._start_one()
        for task in running[: max(len(running) - self.desired, 0)]:
            self.stop(task)

    def _start_one(self) -> None:
        world = self._world
        self._count += 1
        process = world.process(f"worker-{self._count}")
        process.on_death = lambda: world.later(world.random.uniform(5, 40), self._level)
        self.tasks.append(process)
        settings = world.worker_settings
        boot = world.random.uniform(0, 3) if world.loop.time() == 0 else world.random.uniform(10, 45)
        world.later(boot, lambda: None if process.is_dead else world.loop.start(self._main(process, settings), process))

    async def _main(self, process: Process, settings: WorkerSettings) -> None:
        redactor = Redactor()
        process.log_secrets = redactor.value
        try:
            await worker.work(settings, redactor)
        except (InvalidSettings, BrowserUnavailable) as error:
            self._world.trace(process.name, "log", "worker_cannot_start", str(error), "")
        except Exception as error:
            self._world.fail("a worker ends by itself", f"{process.name}: {type(error).__name__}: {error}")
            raise
        self._world.trace(process.name, "ended", "", "", "")
        process.exit()

    def _look(self) -> None:
        """Ask each task's health, and replace one that has been ill for some time."""
        for task in self.running:
            is_well = task.health is None or task.stalled_until > self._world.loop.time() or task.health()[0]
            self._unhealthy[task] = 0 if is_well else self._unhealthy.get(task, 0) + 1
            if self._unhealthy[task] == UNHEALTHY_LOOKS:
                self.stop(task)
        self._world.later(HEALTH_SECONDS, self._look)
