"""Looks on while a world runs, and judges it at its end, by the invariants that every run of ours is judged by."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.queues.attributes import ERROR_CLASS, PRODUCERS, REASON, REPLAY
from huntaze_scraper.state.keys import SCOPE, Kind
from huntaze_scraper.worker import results
from tests import invariants
from tests.simulation import tabs
from tests.simulation.aws.sqs import Message, Queue
from tests.simulation.faults import Fault
from tests.simulation.ground import Broken, Ground
from tests.simulation.line_checks import LATE_SECONDS, LineChecks
from tests.simulation.process import Process
from tests.simulation.site import SLOW_SECONDS

HARMLESS = {"limited", "site_limits", "refused_by_site"}
"""What the site may answer without a failure being counted."""
CLOCKS_SECONDS = 1.0
OTHER = {"pipeline": "account", "account": "pipeline"}
UNDER_WAY_SECONDS = 5.0
"""After a 429, requests may come for so long that were on their way."""
SETTLED_SECONDS = 10.0
"""In which what a site gave out is noted as done, where nothing is in the way."""
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
        self._line = LineChecks(world)
        self._given: dict[tuple[str, str], float] = {}
        """When the site gave out a file, or a further page of a conversation, to an account last; the loop's time."""
        self._stopped: dict[str, float] = {}
        """When each process got its SIGTERM; the loop's time."""
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
        world.site.on_given = self._given_out
        world.on_stop = self._stops
        world.on_end = self._ends
        for account, traits in world.plan.traits.items():
            if "nameless" in traits:
                self._troubled.add(account)
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
        try:
            job_id = jobs.parse(message.body).job_id
        except InvalidJob:
            return
        self._line.sent_at.setdefault(job_id, int(message.sent_at * 1000))
        if REPLAY in message.attributes:
            self._replays[job_id] += 1

    def line(self, process: Process, event: str, fields: Mapping[str, Any]) -> None:
        """No line of a log tells a secret, nor what a job says."""
        told = f"{event} {fields!r}"
        if self._tells(told):
            told = str(process.log_secrets(dict(fields))) if process.log_secrets else told
            if self._tells(told):
                self._world.fail("no secret in a log", f"{process.name}: {event}")
        if event == "message_lost" and fields["why"] == "the queue says so":
            self._is_lost(process, str(fields["message_id"]))

    def _is_lost(self, process: Process, message_id: str) -> None:
        """Only what the queue does not hold for a worker any more is given up as lost."""
        message = self._world.workflows.messages.get(message_id)
        if message is None or process.stalled_until or self._world.met["frozen"]:
            return
        left = message.visible_at - self._world.now()
        if left > CLOCKS_SECONDS and message.receiver == process.name:
            self._world.fail("only what is lost is given up", f"{process.name} holds it for {left:.0f} s more")

    def _forwarded(self, message: Message) -> None:
        """No window holds more than the limit, at the queue; those that wait go as they were sent, the urgent first."""
        recent = self._world.workflows.journal[-MOST_RECENT:]
        self._limit("the limit at the queue", Kind.BUCKET, [(it.sent_at, it.group) for it in recent])
        self._line.gone.add(message.deduplication_id)
        if not (self._replays or self.scope_is_changed):
            self._line.forwarded(jobs.parse(message.body))

    def _given_out(self, account: str, what: str) -> None:
        """What was given out, and noted as done, is not asked for again."""
        now, before = self._world.loop.time(), self._given.get((account, what))
        self._given[account, what] = now
        if before is not None and self._world.is_calm_since(before - SETTLED_SECONDS, before + SETTLED_SECONDS):
            self._world.fail("what is done is not done again", f"{account} had {what} {now - before:.0f} s before")

    def _stops(self, name: str) -> None:
        """Take note of a SIGTERM."""
        self._stopped.setdefault(name, self._world.loop.time())

    def _ends(self, process: Process) -> None:
        """Who is asked to stop has given back what it had when it ends, where the store takes it."""
        world, stopped = self._world, self._stopped.get(process.name)
        if world.is_calm:
            return
        held = [
            account
            for account, jobs_held in self._holders.items()
            if any(holder == process.name and until > world.now() for holder, until in jobs_held.values())
        ]
        if not held:
            return
        if world.is_down("dynamodb") or world.is_down("kms"):
            self._troubled.update(held)  # nobody could give back, and so it counts
        elif stopped is not None and world.is_calm_since(stopped - LATE_SECONDS):
            world.fail("who stops gives back", f"{process.name} ends with a job of {held[0]}")
        else:
            self._process_in_trouble(process.name)

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
        self._limit("the limit at the site", Kind.TURN, self._posted)

    def _limit(self, name: str, kind: Kind, moments: list[tuple[float, str]]) -> None:
        """No window holds more than either scope allows, also while one is changed for the other."""
        most, (now, account) = self._world.limiter_settings.rate_limit_capacity, moments[-1]
        recent = [(at, who) for at, who in moments[-MOST_RECENT:] if now - at < self._window]
        own = sum(who == account for _, who in recent)
        if own > most:
            self._world.fail(name, f"{own} of one account within {self._window:.0f} s")
        elif len(recent) > most and any(self._scope(kind, at) != "account" for at, _ in recent):
            self._world.fail(name, f"{len(recent)} within {self._window:.0f} s")

    def _scope(self, kind: Kind, moment: float) -> str:
        """Return the scope by which something was let pass: a new one lets nothing pass for a window."""
        item = self._world.dynamodb.tables["state"].get((kind.key(SCOPE),), {})
        if "scope" not in item:
            return self._world.plan.scope
        scope, since = item["scope"]["S"], int(item["since"]["N"]) / 1000
        return OTHER[scope] if since and moment - since < self._window else scope

    def _written(self, table: str, key: tuple[str, ...], before: Any, after: Any) -> None:
        """A lease is never taken from who has it."""
        if table == "line":
            self._line.written(key, after)
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
        self._check_letters()
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

    def _check_letters(self) -> None:
        """Nothing is set aside but what is unclear, and each dead letter says why it is one, and what its producer said."""
        world = self._world
        set_aside = len({letter.body for letter in world.ingress_dlq.journal})
        if set_aside != world.met["unclear_job"]:
            raise Broken(
                "only the unclear is set aside",
                f"{set_aside} on the ingress DLQ, {world.met['unclear_job']} are unclear",
            )
        for letter in world.workflows_dlq.journal:
            why = json.loads(letter.attributes.get(PRODUCERS, {}).get("StringValue", "{}"))
            is_ours = {REASON, ERROR_CLASS} <= letter.attributes.keys() and "no. 0" not in str(
                letter.attributes[REASON]
            )
            if not is_ours or ("verbose" in world.plan.traits.get(letter.group, ()) and REASON not in why):
                raise Broken("a dead letter says why", f"{sorted(letter.attributes)}")

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
        self._check_results()

    def _check_results(self) -> None:
        """What is told as success is so."""
        world = self._world
        for job_id, payload in self._jobs.items():
            result = json.loads(world.s3.objects[results.key(payload["creator_id"], job_id)])
            if result["status"] == "succeeded":
                self._is_true(result["data"], payload, self._line.sent_at[job_id] / 1000)

    def _is_true(self, data: Mapping[str, Any], payload: Mapping[str, Any], sent_at: float) -> None:
        """What a result tells is what the site holds, or held at some time after the job was sent."""
        match payload["action"]:
            case "get_messages":
                site, between = self._world.site, (payload["creator_id"], payload["user_id"])
                there = {it["id"] for it in site.conversations.get(between, ())}
                there |= {each for each, at in site.forgotten.get(between, {}).items() if at >= sent_at}
                told = [it["id"] for it in data["messages"]]
                if len(set(told)) < len(told) or not set(told) <= there:
                    raise Broken("results are true", f"{len(told)} messages, {len(set(told))} of them different")
            case "scrape_profile":
                if set(data["counts"].values()) != {tabs.COUNT}:
                    raise Broken("results are true", f"counts of {tabs.SHOWN} told as {data['counts']}")
            case "download_media":
                if [it["index"] for it in data["files"]] != list(range(len(payload["media_urls"]))):
                    raise Broken("results are true", f"{len(data['files'])} files of {len(payload['media_urls'])}")


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
