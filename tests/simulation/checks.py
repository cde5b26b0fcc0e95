"""Looks on while a world runs, and judges it at its end, by the invariants that every run of ours is judged by."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.queues.attributes import REPLAY
from huntaze_scraper.worker import results
from tests import invariants
from tests.simulation.aws.sqs import Message, Queue
from tests.simulation.faults import Fault
from tests.simulation.ground import Broken, Ground
from tests.simulation.process import Process
from tests.simulation.site import SLOW_SECONDS

HARMLESS = {"limited", "site_limits", "refused_by_site"}
"""What the site may answer without a failure being counted."""
CLOCKS_SECONDS = 1.0
LATE_SECONDS = 25.0
"""For as long as an invocation may take to send what it was granted, a job that joined the line may be overtaken."""
UNDER_WAY_SECONDS = 5.0
"""After a 429, requests may come for so long that were on their way."""
MOST_PASSES = 4
WORDS = "message no."
"""With which the text of every planned message begins."""
MOST_RECENT = 60
"""Of what is counted, more than five accounts may do in a window."""


class Checks:
    """The invariants of one world."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self.scope_is_changed = False
        self._replays: Counter[str] = Counter()
        self._posted: list[tuple[float, str]] = []
        self._troubled: set[str] = set()
        """Accounts that something happened to which may count against their jobs; empty text for all of them."""
        self._troubles = 0
        self._gone: set[str] = set()
        """Jobs that were forwarded."""
        self._waits: dict[tuple[str, ...], tuple[float, str]] = {}
        """When each job joined the line, and its id."""
        self._passed: Counter[tuple[str, ...]] = Counter()
        """How often each urgent job was passed by one that is less so."""
        self._holders: dict[str, dict[str, tuple[str, float]]] = {}
        """Who holds a job of each account, and until when, by job."""
        self._rests: dict[str, tuple[float, float]] = {}
        """From when until when each account is to be left alone."""
        self._window = world.limiter_settings.rate_limit_window_seconds
        world.workflows.on_taken = self._forwarded
        world.ingress.on_taken = self._arrived
        world.on_met = self._met
        world.on_trouble = self._process_in_trouble
        world.site.on_effect = self._effect
        world.site.on_limit = self._asked_to_wait
        world.site.on_request = self._request
        world.dynamodb.on_write = self._written
        self._jobs = {jobs.parse(json.dumps(it.payload)).job_id: it.payload for it in world.plan.jobs}
        self._texts = {it["message_content"]: it for it in self._jobs.values() if "message_content" in it}

    @property
    def is_quiet(self) -> bool:
        """Whether nobody of ours but the pipeline itself is at work, an operator say."""
        return True

    def _met(self, fault: Fault, account: str) -> None:
        """Take note that a failure of the account's jobs would have its cause."""
        self._troubles += 1
        if fault.kind not in HARMLESS:
            self._troubled.add(account)

    def _process_in_trouble(self, name: str) -> None:
        """Take note of whose jobs a process had when it died, or stood still."""
        for account, held in self._holders.items():
            if any(holder == name for holder, _ in held.values()):
                self._troubles += 1
                self._troubled.add(account)

    def _tells(self, told: str) -> bool:
        return WORDS in told or any(secret in told for secret in self._world.site.secrets)

    def _arrived(self, message: Message) -> None:
        """Take note of what an operator sent again; its dead letter may outlive a command that is killed."""
        if REPLAY in message.attributes:
            self._replays[jobs.parse(message.body).job_id] += 1

    def line(self, process: Process, event: str, fields: Mapping[str, Any]) -> None:
        """No line of a log tells a secret, nor what a job says."""
        told = f"{event} {fields!r}"
        if self._tells(told):
            told = str(process.log_secrets(dict(fields))) if process.log_secrets else told
            if self._tells(told):
                self._world.fail("no secret in a log", f"{process.name}: {event}")

    def _forwarded(self, message: Message) -> None:
        """No window holds more than the limit, at the queue; those that wait go as they were sent, the urgent first."""
        recent = self._world.workflows.journal[-MOST_RECENT:]
        self._limit("the limit at the queue", [(it.sent_at, it.group) for it in recent])
        self._gone.add(message.deduplication_id)
        if self._replays or self.scope_is_changed:
            return
        job = jobs.parse(message.body)
        own = next((key for key, (_, job_id) in self._waits.items() if job_id == job.job_id), None)
        soon = self._world.now() - LATE_SECONDS
        for key, (joined_at, job_id) in self._waits.items():
            if job_id in self._gone or joined_at > soon:
                continue
            if own is not None and key[0] == own[0] and key[1] < own[1]:
                self._world.fail("as they were sent", f"{job.job_id[:8]} went before {job_id[:8]}")
            if key[0].startswith("high#") and job.priority != "high" and not self._is_troubled:
                self._passed[key] += 1
                if self._passed[key] > MOST_PASSES:
                    self._world.fail("the urgent first", f"{job_id[:8]} was passed {self._passed[key]} times")

    @property
    def _is_troubled(self) -> bool:
        """Whether an account may be held, or a job's sending be unknown, for a while."""
        return bool(self._world.met)

    def _asked_to_wait(self, account: str, seconds: float) -> None:
        now = self._world.now()
        is_slow = self._world.site.slow_until.get(account, 0.0) > self._world.loop.time()
        under_way = SLOW_SECONDS[1] if is_slow else UNDER_WAY_SECONDS
        self._rests[account] = (now + under_way, now + seconds - CLOCKS_SECONDS)

    def _request(self, account: str, _method: str) -> None:
        """Who is asked to wait does; nobody works for an account whose job another one has."""
        now, own = self._world.now(), self._world.loop.current.name
        if not (self._world.met["frozen"] or self._world.met["stalled"]):
            for holder, until in self._holders.get(account, {}).values():
                if holder != own and until > now:
                    self._world.fail("one works for an account", f"{own} asks while {holder} holds a job")
        begins, ends = self._rests.get(account, (0.0, 0.0))
        if begins < self._world.now() < ends:
            self._world.fail("who is asked to wait does", f"{account} {ends - self._world.now():.0f} s too early")

    def _effect(self, account: str) -> None:
        """No window holds more than the limit, at the site."""
        self._posted.append((self._world.now(), account))
        self._limit("the limit at the site", self._posted)

    def _limit(self, name: str, moments: list[tuple[float, str]]) -> None:
        settings = self._world.limiter_settings
        if self.scope_is_changed:
            return  # two scopes are side by side, and then there is what was taken in the other one
        now, account = moments[-1]
        recent = [who for at, who in moments[-MOST_RECENT:] if now - at < self._window]
        if settings.rate_limit_scope == "account":
            recent = [who for who in recent if who == account]
        if len(recent) > settings.rate_limit_capacity:
            self._world.fail(name, f"{len(recent)} within {self._window:.0f} s")

    def _written(self, table: str, key: tuple[str, ...], before: Any, after: Any) -> None:
        """A lease is never taken from who has it."""
        if table == "line":
            if after is None:
                self._waits.pop(key, None)
            elif key not in self._waits:
                self._waits[key] = (self._world.now(), jobs.parse(after["body"]["S"]).job_id)
        if key[0].startswith("job#") and after is not None and "account" in after:
            held = self._holders.setdefault(after["account"]["S"], {})
            if "lease" not in after:
                held.pop(key[0], None)
            elif before is None or after["lease"] != before.get("lease"):
                held[key[0]] = (self._world.loop.current.name, float(after["lease_until"]["N"]))
            elif key[0] in held:
                held[key[0]] = (held[key[0]][0], float(after["lease_until"]["N"]))
        if not key[0].startswith(("job#", "session#")) or before is None or after is None or "lease" not in before:
            return
        left = float(before.get("lease_until", {"N": "0"})["N"]) - self._world.now()
        is_taken = "lease" in after and after["lease"] != before["lease"]
        if is_taken and left > CLOCKS_SECONDS:
            self._world.fail("a lease is held by one", f"{key[0][:20]} was held for {left:.1f} s more")

    def at_the_end(self) -> None:
        """Judge the whole history."""
        world = self._world
        sent = [_Sent(job_id, payload) for job_id, payload in self._jobs.items()]
        view: Any = _View(world)
        try:
            statuses = invariants.find_ends(view, sent)  # type: ignore[arg-type]
            invariants.assert_reached_as_told(view, sent, statuses)  # type: ignore[arg-type]
            invariants.assert_all_forwarded(view, sent)  # type: ignore[arg-type]
            if not world.met:
                invariants.assert_forwarded_once(view, sent, view.journal("workflows.fifo"))  # type: ignore[arg-type]
            if not self._replays:
                # Who dies late or for good lets others pass; a replay comes after those that went meanwhile.
                invariants.assert_in_order(view.journal("workflows.fifo"), view)
        except AssertionError as error:
            raise Broken(_invariant_of(error), str(error)) from None
        self._check_buried(statuses)
        self._check_own(statuses)

    def _check_buried(self, statuses: Mapping[str, str]) -> None:
        """The dead lie in their queue, unless they were replayed, and are dead for their own failures' sake."""
        world = self._world
        buried = {jobs.parse(it.body).job_id for it in world.workflows_dlq.messages.values()}
        dead = {job_id for job_id, status in statuses.items() if status == "dead"}
        if dead - buried:
            raise Broken("the dead are buried", f"{len(dead - buried)} are nowhere")
        if extra := buried - dead - self._replays.keys():
            raise Broken("the dead are buried", f"{len(extra)} lie there and ended otherwise: {statuses}")
        if world.ingress_dlq.journal:
            raise Broken("nothing is set aside", f"{len(world.ingress_dlq.journal)} on the ingress DLQ")
        if world.dynamodb.tables["line"]:
            raise Broken("nothing is left in the line", f"{len(world.dynamodb.tables['line'])} are")
        failures = {
            key[0].removeprefix("job#"): int(item.get("failures", {"N": "0"})["N"])
            for key, item in world.dynamodb.tables["state"].items()
            if key[0].startswith("job#")
        }
        for job_id, count in failures.items():
            account = str(self._jobs[job_id]["creator_id"])
            if count and not self._troubled & {account, ""}:
                raise Broken("failures are counted for cause", f"{count} of {account}, after {dict(world.met)}")
        for job_id in dead:
            if failures.get(job_id, 0) < world.worker_settings.max_failures:
                raise Broken("nobody dies for another's fault", f"dead after {failures.get(job_id)} failures")

    def _check_own(self, statuses: Mapping[str, str]) -> None:
        """What is uncertain or rejected has its cause; what was sent was sent by whom it was for."""
        world = self._world
        counts = Counter(statuses.values())
        if counts["uncertain"] > self._troubles:
            raise Broken("uncertain only for cause", f"{counts['uncertain']} uncertain, {self._troubles} causes")
        if counts["rejected"] > world.met["refused_by_site"]:
            raise Broken("rejected only for cause", f"{counts['rejected']} rejected")
        for _, account, fan, text in world.site.accepted:
            job = self._texts.get(text)
            if job is None or (job["creator_id"], job["user_id"]) != (account, fan):
                raise Broken("each acts as itself", f"{account} wrote to {fan} what was not theirs")


class _Sent:
    """A job that was sent, as the invariants know it."""

    def __init__(self, job_id: str, payload: Mapping[str, Any]) -> None:
        self.job_id, self.payload = job_id, payload
        self.account = str(payload["creator_id"])


class _View:
    """A world, as the invariants look at a pipeline and its site."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self.run = _Addresses()
        self.messages = world.site.messages

    def journal(self, name: str) -> list[dict[str, Any]]:
        queue: Queue = self._world.services["sqs"].queues[f"https://sqs/{name}"]
        return [
            {"deduplication_id": it.deduplication_id, "group_id": it.group, "body": it.body, "sent": it.sent_at}
            for it in queue.journal
        ]

    def find_result(self, job: _Sent) -> dict[str, Any] | None:
        body = self._world.s3.objects.get(results.key(job.account, job.job_id))
        return json.loads(body) if body is not None else None


class _Addresses:
    workflows_queue_url, workflows_dlq_url, ingress_dlq_url = "workflows.fifo", "workflows-dlq.fifo", "ingress-dlq"


def _invariant_of(error: AssertionError) -> str:
    """Name the invariant by the function that it stands in."""
    trace = error.__traceback__
    name = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_name
        trace = trace.tb_next
    return name.removeprefix("assert_").replace("_", " ")
