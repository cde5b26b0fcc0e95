"""What a run stands on: time, chance, the models of AWS, the faults that wait, and the history as it is taken down."""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import Any

from huntaze_scraper.settings import RateLimiterSettings, WorkerSettings
from tests.simulation import faults as kinds
from tests.simulation.aws.described import Denied, Function, Logs
from tests.simulation.aws.dynamodb import DynamoDb
from tests.simulation.aws.sqs import Queue, Sqs
from tests.simulation.aws.stores import S3, CloudWatch, SecretsManager
from tests.simulation.faults import Fault
from tests.simulation.loop import EPOCH, SimulationLoop
from tests.simulation.plan import Plan
from tests.simulation.process import Process

SECRET = "site-credentials"


class Broken(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant, self.text = invariant, text


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: float
    who: str
    what: str
    which: str
    about: str
    how: str

    def __str__(self) -> str:
        return f"{self.at:10.3f} {self.who:<10} {self.what} {self.which} {self.about} {self.how}".rstrip()


class Ground:
    """The ground of a world."""

    site: Any
    """The model of the site, once there is one."""

    def __init__(self, plan: Plan, *, keeps_lines: bool = False) -> None:
        self.plan = plan
        self.random = Random(f"world {plan.seed}")
        self.loop = SimulationLoop(self.random)
        self.keeps_lines = keeps_lines
        self.lines: list[Line] = []
        self.coverage: Counter[tuple[str, str]] = Counter()
        """How often each kind of fault met each step of the code."""
        self.met: Counter[str] = Counter()
        self.no_browser_until = 0.0
        self.on_trouble: Callable[[str], None] = lambda _process: None
        """Hears of each process that dies, or stands still for a while."""
        self.on_met: Callable[[Fault, str], None] = lambda _fault, _account: None
        """Hears of each fault that hits a request to the site, with the account; and of each that hits an account."""
        self.on_stop: Callable[[str], None] = lambda _process: None
        """Hears of each process that is asked to end."""
        self.on_end: Callable[[Process], None] = lambda _process: None
        """Hears of each that ends by itself."""
        self.is_calm = False
        """Whether nothing goes wrong any more."""
        self.failure: Broken | None = None
        self._hash = hashlib.blake2b(digest_size=16)
        self.troubles: list[tuple[float, float]] = []
        """From when until when each fault may be felt, but for those that are the site's alone."""
        self.armed: list[list[Any]] = []
        """Faults that wait for what they are to hit, each with how many go by before."""
        self.down: dict[str, float] = {}
        """Until when each service refuses every call."""
        self._make_aws()
        self._settings()

    def _make_aws(self) -> None:
        def queue(name: str, seconds: float, most: int | None = None, dead: Queue | None = None) -> Queue:
            return Queue(name, self.now, self.random, seconds, most, dead)

        self.ingress_dlq = queue("ingress-dlq", 30)
        self.workflows_dlq = queue("workflows-dlq.fifo", 30)
        visibility = RateLimiterSettings.ingress_visibility_seconds
        self.ingress = queue("ingress", visibility, WorkerSettings.max_receives, self.ingress_dlq)
        self.workflows = queue(
            "workflows.fifo", WorkerSettings.visibility_seconds, WorkerSettings.max_receives, self.workflows_dlq
        )
        self.dynamodb = DynamoDb({"state": ["pk"], "line": ["pk", "sk"]}, self.now)
        self.s3 = S3()
        self.secrets = SecretsManager()
        self.logs = Logs()
        self.services: dict[str, Any] = {
            "sqs": Sqs([self.ingress, self.ingress_dlq, self.workflows, self.workflows_dlq], self.now),
            "dynamodb": self.dynamodb,
            "s3": self.s3,
            "secretsmanager": self.secrets,
            "cloudwatch": CloudWatch(),
            "logs": self.logs,
            "lambda": Function(lambda: self.limiter_settings.to_env()),  # noqa: PLW0108 - a deployment changes them
            **dict.fromkeys(("cloudformation", "ecs", "application-autoscaling"), Denied()),
        }

    def _settings(self) -> None:
        scope: Any = {"rate_limit_scope": self.plan.scope}
        self.limiter_settings = RateLimiterSettings(
            ingress_queue_url="https://sqs/ingress",
            ingress_dlq_url="https://sqs/ingress-dlq",
            workflows_queue_url="https://sqs/workflows.fifo",
            state_table="state",
            line_table="line",
            **scope,
        )
        self.worker_settings = WorkerSettings(
            workflows_queue_url="https://sqs/workflows.fifo",
            workflows_dlq_url="https://sqs/workflows-dlq.fifo",
            state_table="state",
            results_bucket="results",
            credentials_secret_id=SECRET,
            **scope,
        )

    # Time, chance and telling.

    def now(self) -> float:
        """Return the world's time, seconds since the Unix epoch."""
        return EPOCH + self.loop.time()

    def local_now(self) -> float:
        """Return what the clock of whoever asks says."""
        return EPOCH + self.loop.time() + self.loop.current.skew_seconds

    def token(self) -> str:
        """Return what nobody guesses."""
        return f"{self.random.getrandbits(128):032x}"

    def process(self, name: str) -> Process:
        """Make a process, with a clock of its own."""
        half = self.plan.skew_seconds / 2
        return Process(name, skew_seconds=self.random.uniform(-half, half), keep=self._died)

    def _died(self, process: Process) -> None:
        self.loop.keep(process)
        if process.is_done:
            self.on_end(process)
        else:
            self.on_trouble(process.name)

    def later(self, seconds: float, action: Callable[[], Any]) -> None:
        """Do something in the world's own time."""
        self.loop.at(self.loop.time() + seconds, self.loop.world, action)

    def trace(self, who: str, what: str, which: str, about: str, how: str) -> None:
        """Take down that something happened."""
        at = self.loop.time()
        self._hash.update(f"{at!r}|{who}|{what}|{which}|{about}|{how}\n".encode())
        if self.keeps_lines:
            self.lines.append(Line(at, who, what, which, about, how))

    @property
    def trace_hash(self) -> str:
        """Tell this history from any other."""
        return self._hash.hexdigest()

    def note(self, process: Process, service: str, operation: str, given: Mapping[str, Any], code: str) -> None:
        """Take down a call."""
        key = given.get("Key") or given.get("QueueUrl") or given.get("SecretId") or ""
        about = key["pk"]["S"] if isinstance(key, dict) else str(key).rpartition("/")[2]
        self.trace(process.name, service, operation, about, code)

    def fail(self, invariant: str, text: str) -> None:
        """End the run: something is not as it must be."""
        if self.failure is None and not self.loop.is_over:
            self.failure = Broken(invariant, text)
            self.trace("invariant", "broken", invariant, "", text)
            self.loop.stop()

    # Faults.

    def is_down(self, service: str) -> bool:
        """Tell whether a service refuses every call."""
        return self.loop.time() < self.down.get(service, 0.0)

    def is_calm_since(self, moment: float, until: float = float("inf")) -> bool:
        """Tell whether no fault but the site's own was to be felt between two moments of the loop."""
        return not any(begins <= until and ends >= moment for begins, ends in reversed(self.troubles))

    def takes(self, kind: str) -> bool:
        """Tell whether a fault of that kind waits for just this, and take it."""
        return bool(self.armed) and self._take(lambda fault: fault.kind == kind, "aws") is not None

    def ambush(self, process: Process, service: str, operation: str) -> Fault | None:
        """Return the fault that waits for this call, if there is one."""
        if not self.armed:
            return None
        places = [service, f"{service}.{operation}"]
        if any(armed[0].where.startswith("@") for armed in self.armed):
            places.append(f"@{self._step(process.name)}")
        return self._take(
            lambda it: it.kind in kinds.AT_CALLS and it.where in places and _is_possible(it.kind, service, operation),
            process.name,
            f"{service}.{operation}",
        )

    def ambush_request(self, account: str, method: str, path: str) -> Fault | None:
        """Return the fault that waits for this request to the site, if there is one."""
        if not self.armed or not account:
            return None
        process = self.loop.current

        def fits(kind: str) -> bool:
            return method == "POST" or kind != "site_error_and_deleted"

        fault = self._take(
            lambda it: it.kind in kinds.AT_REQUESTS and it.where in ("", method, account) and fits(it.kind),
            process.name,
            path,
        )
        if fault is not None:
            self.on_met(fault, account)
        return fault

    def _take(self, fits: Callable[[Fault], bool], who: str, what: str = "") -> Fault | None:
        for armed in self.armed:
            if not fits(armed[0]):
                continue
            if armed[1] > 0:
                armed[1] -= 1
                continue
            self.armed.remove(armed)
            fault: Fault = armed[0]
            self.meet(fault, who, what)
            return fault
        return None

    def meet(self, fault: Fault, who: str, what: str = "") -> None:
        """Take down that a fault hit somebody."""
        self._count(fault)
        self.coverage[fault.kind, self._step(who)] += 1
        self.trace("fault", fault.kind, who, what, fault.where)

    def meet_process(self, fault: Fault, victim: Process) -> None:
        """Take down that a fault hits a process, at each step at which one of its tasks stands."""
        self._count(fault)
        for step in {name for task in self.loop.tasks_of(victim) for name in _of_coroutine(task.get_coro())[:1]}:
            self.coverage[fault.kind, step] += 1
        self.trace("fault", fault.kind, victim.name, "", fault.where)

    def _count(self, fault: Fault) -> None:
        self.met[fault.kind] += 1
        if fault.kind not in kinds.THE_SITES:
            now = self.loop.time()
            self.troubles.append((now, now + fault.seconds))

    def cover(self, kind: str) -> None:
        """Take down that a fault that lasts met whoever asks."""
        self.coverage[kind, self._step(self.loop.current.name)] += 1

    def _step(self, who: str) -> str:
        """Name the step of our code that runs, or waits for the call."""
        found = [*_of_frames(sys._getframe())]
        task = self.loop.task_of_caller
        if task is not None:
            found += _of_coroutine(task.get_coro())
        return next((name for name in found if name), who.partition("-")[0])


def _is_possible(kind: str, service: str, operation: str) -> bool:
    """Tell whether a call may meet such a fault at all."""
    if kind == "conflict":
        return operation.startswith("transact_")  # no transaction touches an item that is written by itself
    return kind != "failed_entry" or operation.endswith("_batch")


def _of_frames(frame: FrameType | None) -> list[str]:
    found = []
    while frame is not None:
        found.append(_name(frame.f_code.co_filename, frame.f_code.co_name))
        frame = frame.f_back
    return [name for name in found if name]


def _of_coroutine(coroutine: Any) -> list[str]:
    """Return the steps of a task that waits, the innermost first."""
    found: list[str] = []
    while coroutine is not None and hasattr(coroutine, "cr_code"):
        name = _name(coroutine.cr_code.co_filename, coroutine.cr_code.co_name)
        if name:
            found.insert(0, name)
        coroutine = coroutine.cr_await
    return found


DEEP = ("table", "line_table", "calls", "__main__")


def _name(filename: str, function: str) -> str:
    """Name a step: a public function of a module of ours that is not the mere way to a store."""
    _, found, module = filename.partition("huntaze_scraper/")
    stem = module.rpartition("/")[2].removesuffix(".py")
    if not found or stem in DEEP or function.startswith("_") or function in ("<lambda>", "run"):
        return ""
    return f"{stem}.{function}"
