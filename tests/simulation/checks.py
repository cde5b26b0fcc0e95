"""Looks on while a world runs, and judges it at its end, by the invariants that every run of ours is judged by."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.operations.dead_letters import Outcome
from huntaze_scraper.worker import results
from tests import invariants
from tests.simulation.aws.sqs import Message, Queue
from tests.simulation.ground import Broken, Ground
from tests.simulation.process import Process

COUNTED = {
    "site_error", "site_error_acted", "gateway_gave_up", "gateway_gave_up_acted_late", "no_answer", "no_answer_acted",
    "no_answer_acted_late", "reset", "challenge", "odd_page", "page_crashed", "killed_at_step", "killed_before_call",
    "killed_after_call", "site_outage", "session_expired", "rotation", "frozen", "stalled", "spot", "sigterm",
    "scaled_in", "deployment", "scope_switched",
}  # fmt: skip
"""What may count against a job: its own failures at the site, and the death of who had it."""
UNSURE = {it for it in COUNTED if it.startswith(("site", "gateway", "no_answer", "reset", "killed", "page"))} | {
    "frozen", "stalled", "spot", "sigterm", "scaled_in", "deployment", "scope_switched", "challenge", "odd_page",
    "session_expired", "refused_by_site",
}  # fmt: skip
"""What may leave nobody knowing whether a message was sent."""
CLOCKS_SECONDS = 1.0


class Checks:
    """The invariants of one world."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self.scope_is_changed = False
        self._replays: Counter[str] = Counter()
        self._posted: list[tuple[float, str]] = []
        self._window = world.limiter_settings.rate_limit_window_seconds
        world.workflows.on_taken = self._forwarded
        world.site.on_effect = self._effect
        world.dynamodb.on_write = self._written
        self._jobs = {jobs.parse(json.dumps(it.payload)).job_id: it.payload for it in world.plan.jobs}
        self._texts = {it["message_content"]: it for it in self._jobs.values() if "message_content" in it}

    @property
    def is_quiet(self) -> bool:
        """Whether nobody of ours but the pipeline itself is at work, an operator say."""
        return True

    def replayed(self, outcome: Outcome) -> None:
        """Take note of what an operator sent again."""
        if outcome.done == "replayed":
            self._replays[outcome.letter.job_id] += 1

    def line(self, process: Process, event: str, fields: Mapping[str, Any]) -> None:
        """No line of a log tells a secret, nor what a job says."""
        told = f"{event} {fields!r}"
        secrets = [*self._world.site.secrets, *self._texts]
        if any(secret in told for secret in secrets):
            told = str(process.log_secrets(dict(fields))) if process.log_secrets else told
            if any(secret in told for secret in secrets):
                self._world.fail("no secret in a log", f"{process.name}: {event}")

    def _forwarded(self, _message: Message) -> None:
        """No window holds more than the limit, at the queue."""
        self._limit("the limit at the queue", [(it.sent_at, it.group) for it in self._world.workflows.journal])

    def _effect(self, account: str) -> None:
        """No window holds more than the limit, at the site."""
        self._posted.append((self._world.now(), account))
        self._limit("the limit at the site", self._posted)

    def _limit(self, name: str, moments: list[tuple[float, str]]) -> None:
        settings = self._world.limiter_settings
        if self.scope_is_changed:
            return  # two scopes are side by side, and then there is what was taken in the other one
        now, account = moments[-1]
        recent = [who for at, who in moments[-4 * settings.rate_limit_capacity :] if now - at < self._window]
        if settings.rate_limit_scope == "account":
            recent = [who for who in recent if who == account]
        if len(recent) > settings.rate_limit_capacity:
            self._world.fail(name, f"{len(recent)} within {self._window:.0f} s")

    def _written(self, _table: str, key: tuple[str, ...], before: Any, after: Any) -> None:
        """A lease is never taken from who has it."""
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
        if dead and not any(world.met[kind] for kind in COUNTED):
            raise Broken("nobody dies for another's fault", f"{len(dead)} dead, after {dict(world.met)}")
        if world.ingress_dlq.journal:
            raise Broken("nothing is set aside", f"{len(world.ingress_dlq.journal)} on the ingress DLQ")
        for job_id in dead:
            item = world.dynamodb.tables["state"].get((f"job#{job_id}",), {})
            failures = int(item.get("failures", {"N": "0"})["N"])
            if failures < world.worker_settings.max_failures:
                raise Broken("nobody dies for another's fault", f"dead after {failures} failures")

    def _check_own(self, statuses: Mapping[str, str]) -> None:
        """What is uncertain or rejected has its cause; what was sent was sent by whom it was for."""
        world = self._world
        counts = Counter(statuses.values())
        causes = sum(world.met[kind] for kind in UNSURE)
        if counts["uncertain"] > causes:
            raise Broken("uncertain only for cause", f"{counts['uncertain']} uncertain, {causes} causes")
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
