"""One run: the world that a plan makes, from its first job until everything has ended, and what is true of it."""

import asyncio
import hashlib
import json
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, replace
from random import Random
from types import FrameType
from typing import Any

import structlog

from huntaze_scraper import jobs
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import Selection
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.replay import Replay
from huntaze_scraper.operations.target import Target
from huntaze_scraper.rotation.account import SiteRefused, WrongPassword
from huntaze_scraper.rotation.steps import Rotation
from huntaze_scraper.settings import RateLimiterSettings, WorkerSettings
from tests.simulation import faults as kinds
from tests.simulation import surroundings
from tests.simulation.aws.client import Session
from tests.simulation.aws.dynamodb import DynamoDb
from tests.simulation.aws.sqs import Queue, Sqs
from tests.simulation.aws.stores import S3, CloudWatch, SecretsManager
from tests.simulation.checks import Broken, Checks
from tests.simulation.cloud import EventSource, Service
from tests.simulation.faults import Fault
from tests.simulation.loop import EPOCH, SimulationLoop
from tests.simulation.plan import Plan
from tests.simulation.process import Process
from tests.simulation.site import SiteModel

LIMITER_CONCURRENCY = 2
LOOK_SECONDS = 5.0
LONGEST_REST_SECONDS = 6 * 3600.0
"""After the last fault: what backs off, rests or is paused comes back within an hour, and may have to more than once."""
SECRET = "site-credentials"


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


class World:
    """A run of the pipeline."""

    def __init__(self, plan: Plan, *, keeps_lines: bool = False) -> None:
        self.plan = plan
        self.random = Random(f"world {plan.seed}")
        self.loop = SimulationLoop(self.random)
        self.context = copy_context()
        self.keeps_lines = keeps_lines
        self.lines: list[Line] = []
        self.coverage: Counter[tuple[str, str]] = Counter()
        """How often each kind of fault met each step of the code."""
        self.met: Counter[str] = Counter()
        self.no_browser_until = 0.0
        self.replays = 0
        self.is_calm = False
        self._hash = hashlib.blake2b(digest_size=16)
        self._armed: list[list[Any]] = []
        self._down: dict[str, float] = {}
        self._failure: Broken | None = None
        self._make_aws()
        self.site = SiteModel(self)
        self._settings()
        self.checks = Checks(self)
        self.source = EventSource(self, self.ingress, LIMITER_CONCURRENCY)
        self.service = Service(self, plan.tasks)

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
        self.services: dict[str, Any] = {
            "sqs": Sqs([self.ingress, self.ingress_dlq, self.workflows, self.workflows_dlq], self.now),
            "dynamodb": self.dynamodb,
            "s3": self.s3,
            "secretsmanager": self.secrets,
            "cloudwatch": CloudWatch(),
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
        return Process(name, skew_seconds=self.random.uniform(-half, half), keep=self.loop.keep)

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

    def log_line(self, _logger: object, _method: str, event: Any) -> Any:
        """Take a line of a worker's log, as structlog's last processor."""
        fields = dict(event)
        fields.pop("_job_started", None)
        self.take_line(str(fields.pop("event", "")), fields)
        raise structlog.DropEvent

    def take_line(self, event: str, fields: Mapping[str, Any]) -> None:
        """Take a line of a log, and see that it tells no secret."""
        if self.loop.is_over:
            return
        process = self.loop.current
        self.checks.line(process, event, fields)
        about = str(fields.get("creator_id") or "")
        how = str(fields.get("reason") or fields.get("error") or fields.get("status") or fields.get("forwarding") or "")
        self.trace(process.name, "log", event, about, how)

    def fail(self, invariant: str, text: str) -> None:
        """End the run: something is not as it must be."""
        if self._failure is None and not self.loop.is_over:
            self._failure = Broken(invariant, text)
            self.trace("invariant", "broken", invariant, "", text)
            self.loop.stop()

    # Faults.

    def is_down(self, service: str) -> bool:
        """Tell whether a service refuses every call."""
        return self.loop.time() < self._down.get(service, 0.0)

    def takes(self, kind: str) -> bool:
        """Tell whether a fault of that kind waits for just this, and take it."""
        return bool(self._armed) and self._take(lambda fault: fault.kind == kind, "aws") is not None

    def ambush(self, process: Process, service: str, operation: str) -> Fault | None:
        """Return the fault that waits for this call, if there is one."""
        if not self._armed:
            return None
        return self._take(
            lambda it: it.kind in kinds.AT_CALLS and it.where in (service, f"{service}.{operation}"),
            process.name,
            f"{service}.{operation}",
        )

    def ambush_request(self, account: str, method: str, path: str) -> Fault | None:
        """Return the fault that waits for this request to the site, if there is one."""
        if not self._armed or not account:
            return None
        process = self.loop.current
        return self._take(
            lambda it: it.kind in kinds.AT_REQUESTS and it.where in ("", method, account), process.name, path
        )

    def _take(self, fits: Callable[[Fault], bool], who: str, what: str = "") -> Fault | None:
        for armed in self._armed:
            if not fits(armed[0]):
                continue
            if armed[1] > 0:
                armed[1] -= 1
                continue
            self._armed.remove(armed)
            fault: Fault = armed[0]
            self.meet(fault, who, what)
            return fault
        return None

    def meet(self, fault: Fault, who: str, what: str = "") -> None:
        """Take down that a fault hit somebody."""
        self.met[fault.kind] += 1
        self.coverage[fault.kind, self._step(who)] += 1
        self.trace("fault", fault.kind, who, what, fault.where)

    def _step(self, who: str) -> str:
        """Name the step of our code that runs, or waits for the call."""
        found = [*_of_frames(sys._getframe())]
        task = self.loop.task_of_caller
        if task is not None:
            found += _of_coroutine(task.get_coro())
        return next((name for name in found if name), who.partition("-")[0])

    def _begin(self, fault: Fault) -> None:
        if self.is_calm:
            return
        if fault.kind in kinds.AT_CALLS + kinds.AT_REQUESTS or fault.kind in ("delivered_twice", "deletion_lost"):
            self._armed.append([fault, fault.skip])
            return
        victims = self._victims(fault)
        getattr(self, f"_fault_{fault.kind}")(fault, victims)

    def _victims(self, fault: Fault) -> list[Process]:
        if fault.where == "limiter":
            environments = [it.process for it in self.source.environments if it is not None]
            return [it for it in environments if not it.is_dead]
        return [it for it in self.service.running if it.signal_handler is not None]

    def _fault_killed_at_step(self, fault: Fault, victims: list[Process]) -> None:
        if victims:
            victim = self.random.choice(victims)
            victim.kill_after_steps = fault.skip
            victim.met_by = lambda: self.meet(fault, victim.name)

    def _fault_sigterm(self, fault: Fault, victims: list[Process]) -> None:
        if victims:
            victim = self.random.choice(victims)
            self.meet(fault, victim.name)
            self.service.stop(victim)

    _fault_spot = _fault_sigterm

    def _fault_frozen(self, fault: Fault, victims: list[Process]) -> None:
        if victims:
            victim = self.random.choice(victims)
            self.meet(fault, victim.name)
            self.loop.stall(victim, fault.seconds)

    def _fault_outage(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self._down[fault.where] = max(self._down.get(fault.where, 0.0), self.loop.time() + fault.seconds)

    def _fault_site_outage(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "site")
        self.site.down_until = max(self.site.down_until, self.loop.time() + fault.seconds)

    def _fault_browser_gone(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "browser")
        self.no_browser_until = max(self.no_browser_until, self.loop.time() + fault.seconds)

    def _fault_session_expired(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.site.end_sessions(fault.where)

    def _fault_scaled_out(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "ecs")
        self.service.scale(1)

    def _fault_scaled_in(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "ecs")
        self.service.scale(-1)

    def _fault_deployment(self, fault: Fault, _victims: list[Process]) -> None:
        """Put a version beside the present one that writes into items what this one does not know."""
        self.meet(fault, "ecs")
        self.dynamodb.added = {"of_a_later_version": {"M": {"number": {"N": "2"}}}}
        self.limiter_settings = replace(self.limiter_settings)
        self.worker_settings = replace(self.worker_settings)
        self.service.deploy()

    def _fault_scope_switched(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "ecs")
        scope = {"pipeline": "account", "account": "pipeline"}[self.limiter_settings.rate_limit_scope]
        self.checks.scope_is_changed = True
        self.limiter_settings = replace(self.limiter_settings, rate_limit_scope=scope)
        self.worker_settings = replace(self.worker_settings, rate_limit_scope=scope)
        self.service.deploy()

    def _fault_duplicate_job(self, fault: Fault, _victims: list[Process]) -> None:
        sent = [it for it in self.plan.jobs if it.at <= self.loop.time()]
        if sent:
            self.meet(fault, "producer")
            self._send(self.random.choice(sent).payload)

    def _fault_replay(self, fault: Fault, _victims: list[Process]) -> None:
        """Let an operator send back what lies in the workflows DLQ, by the shipped command."""
        self.meet(fault, "operator")
        self.replays += 1
        clients: Any = _Clients(self)
        target = Target(
            clients=clients,
            ingress_queue_url="https://sqs/ingress",
            ingress_dlq_url="https://sqs/ingress-dlq",
            workflows_queue_url="https://sqs/workflows.fifo",
            workflows_dlq_url="https://sqs/workflows-dlq.fifo",
            results_bucket="results",
            state_table="state",
            lambda_function="limiter",
        )
        operator = self.process(f"operator-{self.replays}")

        def replay() -> None:
            try:
                for outcome in Replay(target).run(DeadLetterQueue(target, "workflows"), Selection()):
                    self.checks.replayed(outcome)
                    self.trace(operator.name, "replay", outcome.done, outcome.letter.creator, outcome.why)
            except Exception as error:  # noqa: BLE001 an operator sees it, and may try again
                if not isinstance(error, TellOperator):
                    self.trace(operator.name, "gave up", type(error).__name__, "", "")
            operator.kill()

        self.loop.spawn(replay, operator)

    def _fault_rotation(self, fault: Fault, _victims: list[Process]) -> None:
        """Give the account a new password, by the shipped function's steps."""
        self.meet(fault, fault.where)
        rotator, token = self.process("rotation"), self.token()
        client: Any = Session(self).client("secretsmanager")
        rotation = Rotation(client, f"{SECRET}/{fault.where}", token, lambda name, _: _Account(self, name))

        def rotate() -> None:
            for step in (rotation.create_secret, rotation.set_secret, rotation.test_secret, rotation.finish_secret):
                for _ in range(5):
                    try:
                        step()
                        break
                    except Exception as error:  # noqa: BLE001 Secrets Manager tries the step again
                        self.trace("rotation", "failed", step.__name__, fault.where, type(error).__name__)
                        self.loop.block(30)
                else:
                    break
            rotator.kill()

        self.loop.spawn(rotate, rotator)

    # The run.

    def _send(self, payload: Mapping[str, Any]) -> None:
        body = json.dumps(payload)
        self.ingress.send(body, {})
        self.trace("producer", "sent", str(payload["action"]), str(payload["creator_id"]), "")

    def run(self) -> "World":
        """Let everything happen; raise Broken where an invariant does not hold."""
        with surroundings.of(self):
            try:
                self.loop.run_until_complete(self._everything())
            except RuntimeError:  # the loop was stopped before the end
                if self._failure is None:
                    raise
            finally:
                self.loop.finish()
                self.loop.close()
        if self._failure is not None:
            raise self._failure
        return self

    async def _everything(self) -> None:
        accounts = sorted({str(it.payload["creator_id"]) for it in self.plan.jobs})
        for account in accounts:
            password = f"pass-{secrets.choice('abcdef')}-{self.token()}"
            self.site.open_account(account, password)
            self.secrets.put(f"{SECRET}/{account}", json.dumps({"username": account, "password": password}))
        self.secrets.put(SECRET, "{}")
        self.source.start()
        self.service.start()
        for job in self.plan.jobs:
            self.later(job.at, lambda job=job: self._send(job.payload))  # type: ignore[misc]
        for fault in self.plan.faults:
            self.later(fault.at, lambda fault=fault: self._begin(fault))  # type: ignore[misc]
        last = max([it.at for it in (*self.plan.jobs, *self.plan.faults)], default=0.0)
        await asyncio.sleep(last + LOOK_SECONDS)
        await self._until_all_is_done(600.0, must=False)
        self._calm()
        await self._until_all_is_done(LONGEST_REST_SECONDS, must=True)
        self.checks.at_the_end()

    def _calm(self) -> None:
        """Let nothing go wrong any more; what is down works again."""
        self.trace("world", "calm", "", "", "")
        self.is_calm = True
        self._armed.clear()
        self._down.clear()
        self.site.down_until = self.no_browser_until = 0.0

    async def _until_all_is_done(self, most_seconds: float, *, must: bool) -> None:
        until = self.loop.time() + most_seconds
        while self.ingress.messages or self.workflows.messages or not self.checks.is_quiet:
            if self.loop.time() > until:
                if must:
                    left = [*self.ingress.messages.values(), *self.workflows.messages.values()]
                    raise Broken("every job ends", f"{len(left)} messages wait after {most_seconds:.0f} s of calm")
                return
            await asyncio.sleep(LOOK_SECONDS)


class _Clients:
    """An operator's clients."""

    def __init__(self, world: World) -> None:
        session = Session(world)
        self.sqs, self.dynamodb = session.client("sqs"), session.client("dynamodb")


class _Account:
    """An account at the site, as the rotation knows it."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name

    def log_in(self, password: str) -> None:
        self._world.loop.block(0.5)
        response = self._world.site.log_in(self._name, password)
        if response.status == 401:
            raise WrongPassword("wrong")
        if response.status != 200:
            raise SiteRefused("down")

    def change_password(self, _current: str, new: str) -> None:
        self._world.loop.block(0.5)
        self._world.site.change_password(self._name, new)


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


def job_id(payload: Mapping[str, Any]) -> str:
    """Return the id of a job."""
    return jobs.parse(json.dumps(payload)).job_id
