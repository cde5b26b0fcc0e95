"""One run: the world that a plan makes, from its first job until everything has ended, and what is true of it."""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from huntaze_scraper import names
from huntaze_scraper.rotation.account import SiteRefused, WrongPassword
from huntaze_scraper.rotation.steps import Rotation
from tests.simulation import faults as kinds
from tests.simulation import surroundings
from tests.simulation.aws.client import Session
from tests.simulation.checks import Checks
from tests.simulation.cloud import EventSource, Service
from tests.simulation.faults import Fault
from tests.simulation.ground import SECRET, Broken, Ground
from tests.simulation.operators import Operators
from tests.simulation.plan import Plan
from tests.simulation.process import Process
from tests.simulation.site import SiteModel

LIMITER_CONCURRENCY = 2
LOG_GROUPS = {"limiter": "/aws/lambda/limiter", "worker": names.SCRAPER_LOGS}
"""By whose lines they hold."""
LOOK_SECONDS = 5.0
OVERLOOKS = (0.0, 0.2, 0.6)
"""How likely one receive of a standard queue passes a message over: it keeps them in many places, in no strict order."""
MOST_INVOCATIONS = 1_000
LASTING_SECONDS = 2_500.0
HOUSE = "house"
"""Whose the default secret is."""
MANY_ATTRIBUTES = {
    "reason" if number == 0 else f"of-the-producer-{number}": {"DataType": "String", "StringValue": f"no. {number}"}
    for number in range(7)
}
LONGEST_REST_SECONDS = 6 * 3600.0
"""After the last fault: what backs off, rests or is paused comes back within an hour, and may have to more than once."""


class World(Ground):
    """A run of the pipeline."""

    def __init__(self, plan: Plan, *, keeps_lines: bool = False) -> None:
        super().__init__(plan, keeps_lines=keeps_lines)
        self.is_captured = any(it.kind == "capture" for it in plan.faults)
        """Whether somebody will read the log."""
        self.unclear = 0
        """Jobs that were sent though they name two creators."""
        self.ingress.overlooks = self.random.choice(OVERLOOKS)
        self.site = SiteModel(self)
        self.checks = Checks(self)
        self.source = EventSource(self, self.ingress, LIMITER_CONCURRENCY)
        self.service = Service(self, plan.tasks)
        self.operators = Operators(self)

    def take_line(self, event: str, fields: Mapping[str, Any]) -> None:
        """Take a line of a log, and see that it tells no secret."""
        if self.loop.is_over:
            return
        process = self.loop.current
        self.checks.line(process, event, fields)
        if self.is_captured and (group := LOG_GROUPS.get(process.name.partition("-")[0])):
            told = process.log_secrets(dict(fields)) if process.log_secrets else fields
            text = json.dumps({"event": event, **told}, default=str)
            self.logs.groups.setdefault(group, []).append((int(self.now() * 1000), text))
        about = str(fields.get("creator_id") or "")
        how = str(fields.get("reason") or fields.get("error") or fields.get("status") or fields.get("forwarding") or "")
        self.trace(process.name, "log", event, about, how)

    # Faults.

    def _begin(self, fault: Fault) -> None:
        if self.is_calm:
            return
        if fault.kind in kinds.AT_CALLS + kinds.AT_REQUESTS or fault.kind in ("delivered_twice", "deletion_lost"):
            self.armed.append([fault, fault.skip])
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
            victim.met_by = lambda: self.meet_process(fault, victim)

    def _fault_sigterm(self, fault: Fault, victims: list[Process]) -> None:
        if victims:
            victim = self.random.choice(victims)
            self.meet_process(fault, victim)
            self.service.stop(victim)

    _fault_spot = _fault_sigterm

    def _fault_frozen(self, fault: Fault, victims: list[Process]) -> None:
        if victims:
            victim = self.random.choice(victims)
            self.meet_process(fault, victim)
            self.on_trouble(victim.name)
            self.loop.stall(victim, fault.seconds)

    def _fault_outage(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.down[fault.where] = max(self.down.get(fault.where, 0.0), self.loop.time() + fault.seconds)

    def _fault_site_outage(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "site")
        self.on_met(fault, "")
        self.site.down_until = max(self.site.down_until, self.loop.time() + fault.seconds)

    def _fault_site_limits(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "site")
        self.site.limited_until = max(self.site.limited_until, self.loop.time() + fault.seconds)

    def _fault_account_fails(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.on_met(fault, fault.where)
        kind = "site_error" if fault.kind == "account_fails" else "no_answer"
        self.site.troubled[fault.where] = (self.loop.time() + fault.seconds, kind)

    _fault_account_silent = _fault_account_fails

    def _fault_account_slow(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.on_met(fault, fault.where)
        self.site.slow_until[fault.where] = self.loop.time() + fault.seconds

    def _fault_fan_fails(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.on_met(fault, fault.where)
        fan = f"fan-{self.random.randint(1, 3)}"
        self.site.troubled_fans[fault.where, fan] = self.loop.time() + fault.seconds

    def _fault_stuck_pages(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.on_met(fault, fault.where)
        self.site.stuck_until[fault.where] = self.loop.time() + fault.seconds

    def _fault_log_in_refused(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, fault.where)
        self.on_met(fault, fault.where)
        self.site.refuses_log_in[fault.where] = self.loop.time() + fault.seconds

    def _fault_unclear_job(self, fault: Fault, _victims: list[Process]) -> None:
        """Let a producer send a job that names two creators."""
        self.meet(fault, "producer")
        self.unclear += 1
        job = json.dumps(self.plan.jobs[0].payload) if self.plan.jobs else "{}"
        # Each is another text; a message that SQS gives out again is set aside again.
        self.ingress.send(job.replace("{", '{"creator_id": "creator-0", ', 1) + " " * self.unclear, {})

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
        self.meet(fault, "operator")
        self.operators.replay()

    def _fault_capture(self, fault: Fault, _victims: list[Process]) -> None:
        self.meet(fault, "operator")
        self.operators.capture()

    def _fault_rotation(self, fault: Fault, _victims: list[Process]) -> None:
        """Give the account a new password, by the shipped function's steps."""
        self.meet(fault, fault.where)
        self.on_met(fault, fault.where)
        client: Any = Session(self).client("secretsmanager")
        secret, token = f"{SECRET}/{fault.where}", self.token()
        rotation = Rotation(client, secret, token, lambda name, _: _Account(self, name))

        def rotate() -> None:
            for step in (rotation.create_secret, rotation.set_secret, rotation.test_secret, rotation.finish_secret):
                for _ in range(MOST_INVOCATIONS):
                    if self._invoke(step, fault.where):
                        break
                    self.loop.block(30)
                else:
                    break

        self.loop.spawn(rotate, self.loop.world)

    def _invoke(self, step: Callable[[], None], account: str) -> bool:
        """Run a step of a rotation in a process of its own, as Secrets Manager does; tell whether it was done."""
        rotator, done = self.process("rotation"), list[bool]()

        def run() -> None:
            try:
                step()
                done.append(True)
            except Exception as error:  # noqa: BLE001 the step is tried again
                self.trace("rotation", "failed", step.__name__, account, type(error).__name__)
                done.append(False)
            rotator.exit()

        self.loop.spawn(run, rotator)
        while not rotator.is_dead:
            self.loop.block(1.0)
        return bool(done) and done[0]

    # The run.

    def _send(self, payload: Mapping[str, Any]) -> None:
        traits = self.plan.traits.get(str(payload["creator_id"]), ())
        self.ingress.send(json.dumps(payload), MANY_ATTRIBUTES if "verbose" in traits else {})
        self.trace("producer", "sent", str(payload["action"]), str(payload["creator_id"]), "")

    def run(self) -> "World":
        """Let everything happen; raise Broken where an invariant does not hold."""
        with surroundings.of(self, self.take_line):
            try:
                self.loop.run_until_complete(self._everything())
            except RuntimeError:  # the loop was stopped before the end
                if self.failure is None:
                    raise
            finally:
                self.loop.finish()
                self.loop.close()
        if self.failure is not None:
            raise self.failure
        return self

    async def _everything(self) -> None:
        accounts = sorted({str(it.payload["creator_id"]) for it in self.plan.jobs})
        house = self.token()
        self.site.open_account(HOUSE, house)
        self.secrets.put(SECRET, json.dumps({"username": HOUSE, "password": house, "accounts": [HOUSE]}))
        for account in accounts:
            password = f"pass-{secrets.choice('abcdef')}-{self.token()}"
            self.site.open_account(account, password)
            if "nameless" not in self.plan.traits.get(account, ()):
                self.secrets.put(f"{SECRET}/{account}", json.dumps({"username": account, "password": password}))
        self.source.start()
        self.service.start()
        for job in self.plan.jobs:
            self.later(job.at, lambda job=job: self._send(job.payload))  # type: ignore[misc]
        for fault in self.plan.faults:
            self.later(fault.at, lambda fault=fault: self._begin(fault))  # type: ignore[misc]
        last = max([*(it.at for it in self.plan.jobs), *(_end_of(it) for it in self.plan.faults)], default=0.0)
        await asyncio.sleep(last + LOOK_SECONDS)
        await self._until_all_is_done(600.0, must=False)
        self._calm()
        await self._until_all_is_done(LONGEST_REST_SECONDS, must=True)
        self.checks.at_the_end()

    def _calm(self) -> None:
        """Let nothing go wrong any more; what is down works again."""
        self.trace("world", "calm", "", "", "")
        self.is_calm = True
        self.armed.clear()
        self.down.clear()
        self.site.troubled.clear()
        for until in (self.site.slow_until, self.site.troubled_fans, self.site.stuck_until, self.site.refuses_log_in):
            until.clear()
        self.site.down_until = self.site.limited_until = self.no_browser_until = 0.0

    async def _until_all_is_done(self, most_seconds: float, *, must: bool) -> None:
        until = self.loop.time() + most_seconds
        while self.ingress.messages or self.workflows.messages or not self.checks.is_quiet:
            if self.loop.time() > until:
                if must:
                    left = [*self.ingress.messages.values(), *self.workflows.messages.values()]
                    raise Broken("every job ends", f"{len(left)} messages wait after {most_seconds:.0f} s of calm")
                return
            await asyncio.sleep(LOOK_SECONDS)


def _end_of(fault: Fault) -> float:
    """Return until when it is waited for: what lasts for hours does."""
    return fault.at + (fault.seconds if fault.seconds > LASTING_SECONDS else 0.0)


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
