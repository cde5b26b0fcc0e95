"""The usual mistakes, to be put back into the shipped code one by one; ``test_notices`` has the simulation find each."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from typing import Any

import pytest

from huntaze_scraper.errors import SiteError
from huntaze_scraper.jobs import Job, Priority
from huntaze_scraper.limit import line
from huntaze_scraper.limit.turns import Turn, Turns
from huntaze_scraper.onlyfans import classification, effects, sign_in
from huntaze_scraper.onlyfans.credentials import SecretsManagerCredentials
from huntaze_scraper.onlyfans.effects import NotSent
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import DeadLetter
from huntaze_scraper.operations.incident.redaction import Redaction
from huntaze_scraper.queues import calls
from huntaze_scraper.queues.attributes import REPLAY
from huntaze_scraper.rate_limiter import decisions, handler, turns
from huntaze_scraper.rate_limiter.bucket import Bucket, Lease, Limit
from huntaze_scraper.rate_limiter.decisions import Forwarding
from huntaze_scraper.rate_limiter.dispatch import Dispatch, Standing
from huntaze_scraper.rate_limiter.places import DynamoPlaces
from huntaze_scraper.rate_limiter.waiting import Waiting
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.state.table import ConditionFailed, StateTable
from huntaze_scraper.worker.consumer import Consumer
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.ledger import DynamoLedger, Entry
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.outcome import Outcome, Status, comes_back
from huntaze_scraper.worker.pauses import DynamoPauses
from huntaze_scraper.worker.processor import Processor
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.shutdown import Shutdown
from tests.simulation import tabs

SENDING: Any = import_module("huntaze_scraper.onlyfans.actions.send_message")
"""Its room gives the name to the function."""

type Mistake = Callable[[pytest.MonkeyPatch], None]


def deleted_before_it_is_done(patch: pytest.MonkeyPatch) -> None:
    """Take the message from the queue as soon as the job begins."""
    right = Processor._carry_out

    async def carry_out(it: Processor, job: Job, message: Message, entry: Entry) -> Mapping[str, Any]:
        await it._reactions._queue.delete(message)
        return await right(it, job, message, entry)

    patch.setattr(Processor, "_carry_out", carry_out)


def result_after_the_ledger(patch: pytest.MonkeyPatch) -> None:
    """Say that the job is done, and write its result then."""

    async def to_success(it: Reactions, job: Job, entry: Entry, data: Mapping[str, Any]) -> Outcome:
        write, held = it._write, []

        async def later(*document: Any) -> str:
            held.append(document)
            return "later"

        it._write = later  # type: ignore[assignment,method-assign]
        try:
            outcome = await right(it, job, entry, data)
        finally:
            it._write = write  # type: ignore[method-assign]
        await it._write(*held[0])
        return outcome

    right = Reactions.to_success
    patch.setattr(Reactions, "to_success", to_success)


def buried_in_the_ledger_alone(patch: pytest.MonkeyPatch) -> None:
    """Note that a job is dead before its copy is safe in the DLQ."""

    async def bury(
        it: Reactions, job: Job, message: Message, entry: Entry, error: SiteError, *, counted: bool
    ) -> Outcome:
        await it._ledger.finish(entry, State.DEAD, "", buried=message.message_id)
        return await right(it, job, message, entry, error, counted=counted)

    right = Reactions._bury
    patch.setattr(Reactions, "_bury", bury)


def not_buried(patch: pytest.MonkeyPatch) -> None:
    """Forget the copy in the DLQ."""

    async def bury(*_: Any) -> None:
        pass

    patch.setattr("huntaze_scraper.worker.workflows_queue.SqsWorkflowsQueue.bury", bury)


def lease_not_renewed(patch: pytest.MonkeyPatch) -> None:
    """Extend neither message nor lease, and go on."""

    async def extend(_: InHand) -> None:
        pass

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    patch.setattr(InHand, "extend", extend)
    patch.setattr(InHand, "lost", never)


def lease_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """Take a job that another worker has."""
    right = StateTable.update

    def update(it: StateTable, key: str, change: str, values: Any, **how: Any) -> Any:
        if "came_from = if_not_exists" in change:
            values = {name: each for name, each in values.items() if name not in (":dead", ":message")}
            how["condition"] = "attribute_not_exists(pk) OR #state = :waiting OR #state = :running"
        return right(it, key, change, values, **how)

    patch.setattr(StateTable, "update", update)


def own_lease_not_known_again(patch: pytest.MonkeyPatch) -> None:
    """Take the lease whose answer was lost for another worker's (Trap 12)."""
    right = StateTable.update

    def update(it: StateTable, key: str, change: str, values: Any, **how: Any) -> Any:
        try:
            return right(it, key, change, values, **how)
        except ConditionFailed as refusal:
            if "came_from = if_not_exists" in change:
                refusal.item["lease"] = "another"
            raise

    patch.setattr(StateTable, "update", update)


def lease_not_given_back(patch: pytest.MonkeyPatch) -> None:
    """Hand a message back and keep the job's lease: it will count as a worker's death."""

    async def give_back(_it: Processor, _entry: Any, wait_seconds: float, reason: str) -> Outcome:
        return comes_back(Status.RETURNED, wait_seconds, reason=reason)

    patch.setattr(Processor, "_give_back", give_back)


def outage_counted(patch: pytest.MonkeyPatch) -> None:
    """Count a store's outage as the job's failure."""

    async def stand_by(it: Processor, message: Message, entry: Any, error: Exception) -> Outcome:
        return await it._to_own_fault(message, entry, str(error))

    patch.setattr(Processor, "_stand_by", stand_by)


def limit_counted(patch: pytest.MonkeyPatch) -> None:
    """Count a 429 as the job's failure (Trap 5)."""
    right = DynamoLedger.release

    async def release(it: DynamoLedger, entry: Entry, *, failures: int = 0, rate_limits: int = 0) -> None:
        await right(it, entry, failures=failures + max(rate_limits, 0), rate_limits=rate_limits)

    patch.setattr(DynamoLedger, "release", release)


def limit_not_obeyed(patch: pytest.MonkeyPatch) -> None:
    """Come back at once after a 429."""

    async def to_limit(it: Reactions, _job: Job, entry: Entry, error: Any) -> Outcome:
        await it._ledger.release(entry, rate_limits=1)
        return comes_back(Status.RATE_LIMITED, 1.0, error.error_class, error.reason)

    patch.setattr(Reactions, "_to_limit", to_limit)


def pause_not_shared(patch: pytest.MonkeyPatch) -> None:
    """Keep a pause from the other tasks, and the message from its own."""

    async def pause(*_: Any) -> None:
        pass

    right = Consumer._hand_back

    async def hand_back(it: Consumer, messages: Any, seconds: float, *more: Any, **named: Any) -> None:
        await right(it, messages, min(seconds, 5.0), *more, **named)

    patch.setattr(DynamoPauses, "pause", pause)
    patch.setattr(Consumer, "_hand_back", hand_back)


def mark_after_the_click(patch: pytest.MonkeyPatch) -> None:
    """Note that a message is about to be sent when it has been."""
    right = SENDING._compose

    async def compose(run: Any, effect: Any, leaves_by: float) -> Any:
        return await right(replace(run, once=_Silent()), effect, leaves_by)

    patch.setattr(SENDING, "_compose", compose)


class _Silent:
    async def record(self, _effect: Any) -> None:
        pass


def never_looked_for(patch: pytest.MonkeyPatch) -> None:
    """Take what is in doubt for not sent."""
    patch.setattr(effects, "judge", lambda *_: NotSent())


def late_effects_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    """Look once after a time-out, and send again."""
    patch.setattr(effects, "open_until", lambda _error, now, _late: now)
    patch.setattr(Entry, "open_seconds", lambda *_: 0.0)


def gateways_taken_at_their_word(patch: pytest.MonkeyPatch) -> None:
    """Take a gateway's 504 for the site's own answer (Trap 11)."""

    def of_effect(status: int, headers: Any, request: str, now: float, *, is_sites: bool) -> Any:
        return classification.of_status(status, headers, request, now)

    patch.setattr(classification, "of_effect", of_effect)


def effect_forgotten_with_the_lease(patch: pytest.MonkeyPatch) -> None:
    """Give a job back without what is known of its effect."""
    right = DynamoLedger._end

    async def end(it: DynamoLedger, entry: Entry, *rest: Any) -> None:
        entry.effect = None
        await right(it, entry, *rest)

    patch.setattr(DynamoLedger, "_end", end)


def group_goes_on_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    """Work off the later messages of a group though an earlier one goes back (Trap 8)."""
    right = Consumer._next

    async def following(it: Consumer, lane: Any) -> bool:
        later = list(lane.waiting)[1:]
        goes_on = await right(it, lane)
        if not goes_on and later and not it._shutdown.stopping.is_set():
            lane.waiting.extend(message for message in later if message in it._in_hand or not message.lost)
            return bool(lane.waiting)
        return goes_on

    patch.setattr(Consumer, "_next", following)


def dropped_at_sigterm(patch: pytest.MonkeyPatch) -> None:
    """End at once at SIGTERM: what runs is dropped as it stands."""

    def begin(it: Shutdown) -> None:
        loop: Any = asyncio.get_running_loop()
        loop.current.exit()

    patch.setattr(Shutdown, "begin", begin)


def turn_not_kept(patch: pytest.MonkeyPatch) -> None:
    """Act by a turn that was taken long before."""

    async def keep(_: Turn) -> None:
        pass

    patch.setattr(Turn, "keep", keep)


def turns_for_all(patch: pytest.MonkeyPatch) -> None:
    """Act at the site without a turn: the queue's limit is taken for the site's (Trap 10)."""

    async def take(it: Turns, *_: Any) -> Any:
        return Turn(it, "", 0), 0.0

    async def keep(_: Turn) -> None:
        pass

    patch.setattr(Turns, "take", take)
    patch.setattr(Turn, "keep", keep)


def turns_written_without_a_condition(patch: pytest.MonkeyPatch) -> None:
    """Let two tasks take one turn."""
    right = StateTable.update

    def update(it: StateTable, key: str, change: str, values: Any, **how: Any) -> Any:
        if key.startswith("turn#") and ":before" in values:
            how["condition"] = (
                "attribute_not_exists(#version) OR #version <> :before OR #version = :before OR #writer = :writer"
            )
        return right(it, key, change, values, **how)

    patch.setattr(StateTable, "update", update)


def gate_without_a_margin(patch: pytest.MonkeyPatch) -> None:
    """Let tokens come back a whole window after they were taken, whoever's clock says so."""
    patch.setattr(handler, "Limit", lambda **given: Limit(**given | {"margin_ms": 0, "slack_ms": 0}))


def tokens_counted_when_granted(patch: pytest.MonkeyPatch) -> None:
    """Count a token as spent when it was granted, not when its message was sent (Trap 4)."""

    def sent(bucket: Bucket, limit: Limit, lease: Lease, turn: Any, _sent_at: int) -> Bucket:
        return right(bucket, limit, lease, turn, lease.until - limit.lease_ms)

    right = Bucket.sent
    patch.setattr(Bucket, "sent", sent)


def sent_before_the_token_is_back(patch: pytest.MonkeyPatch) -> None:
    """Do not wait for the token that was granted ahead."""
    right = turns.pick
    patch.setattr(turns, "pick", lambda arrived, now, until: replace(right(arrived, now, until), go_at=now))


def bucket_written_without_a_condition(patch: pytest.MonkeyPatch) -> None:
    """Take tokens from a bucket that another invocation has changed."""
    right = StateTable.put

    def put(it: StateTable, key: str, item: Any, *, version: int | None = None) -> Any:
        return right(it, key, item)

    patch.setattr(StateTable, "put", put)


def deleted_while_it_waits(patch: pytest.MonkeyPatch) -> None:
    """A delayed message that is not reported is deleted (Trap 1), and its body is not in the line either."""
    patch.setattr(decisions, "HANDLED", frozenset(Forwarding) - {Forwarding.FAILED})
    patch.setattr(DynamoPlaces, "first", lambda *_: [])


def settle_that_forgets(patch: pytest.MonkeyPatch) -> None:
    """Do not note what was sent."""

    def settle(
        _it: Dispatch, result: Any, batch: Any, _bucket: Any, _lease: Any, heads: Any, *_: Any, **__: Any
    ) -> None:
        for each in heads:
            result.standings[each.job.job_id] = Standing(Forwarding.FORWARDED)
        result.stay(batch.without(each.job.job_id for each in heads).standing, _it._now())

    patch.setattr(Dispatch, "_settle", settle)


def ordered_as_received(patch: pytest.MonkeyPatch) -> None:
    """Let the line stand in the order in which messages were received."""
    patch.setattr(Waiting, "order", property(lambda it: f"{it.number:015d}"))


def priority_ignored(patch: pytest.MonkeyPatch) -> None:
    """Let the least urgent go first."""

    class UpsideDown:
        def __iter__(self) -> Iterator[Priority]:
            return reversed(Priority)

        def __call__(self, name: str) -> Priority:
            return Priority(name)

    patch.setattr(line, "Priority", UpsideDown())


def failed_entries_not_read(patch: pytest.MonkeyPatch) -> None:
    """Take a batch for done where the call was."""
    patch.setattr(calls, "_failed", lambda *_: [])


def named_by_the_second(patch: pytest.MonkeyPatch) -> None:
    """Make the job's id of action, creator and time alone (Trap 3)."""

    def identify(it: Job) -> None:
        told = json.dumps([it.action, it.account, it.payload["timestamp"]])
        object.__setattr__(it, "job_id", sha256(told.encode()).hexdigest())

    patch.setattr(Job, "__post_init__", identify)


def stale_session_kept(patch: pytest.MonkeyPatch) -> None:
    """Open the session again that the site has just refused."""
    right = SignedInTabs.take

    async def take(it: SignedInTabs, account: str, _stale_version: int | None = None) -> Any:
        return await right(it, account)

    patch.setattr(SignedInTabs, "take", take)


def texts_told_in_a_bundle(patch: pytest.MonkeyPatch) -> None:
    """Let an incident say what people wrote."""
    patch.setattr(Redaction, "text", lambda _, value: value)


def letters_kept_by_who_looked(patch: pytest.MonkeyPatch) -> None:
    """Leave dead letters hidden after a look at them."""
    patch.setattr(DeadLetterQueue, "_put_back", lambda _: None)


def two_log_in_at_once(patch: pytest.MonkeyPatch) -> None:
    """Take the right to log in from who has it."""
    right = StateTable.update

    def update(it: StateTable, key: str, change: str, values: Any, **how: Any) -> Any:
        if change.startswith("SET lease = :lease, lease_until"):
            how["condition"] = "attribute_not_exists(lease) OR attribute_exists(lease) OR lease_until < :now"
        return right(it, key, change, values, **how)

    patch.setattr(StateTable, "update", update)


def another_accounts_tab(patch: pytest.MonkeyPatch) -> None:
    """Give out whichever tab is idle (requirement 9.7)."""

    async def take(it: tabs.SimulatedTabs, _account: str) -> Any:
        return it._idle.popitem()[1] if it._idle else None

    patch.setattr(tabs.SimulatedTabs, "take", take)


def password_in_the_log(patch: pytest.MonkeyPatch) -> None:
    """Tell the log the credentials, and not the redactor."""
    right = SecretsManagerCredentials.of

    async def of(it: SecretsManagerCredentials, account: str) -> Any:
        learn, it._redactor.learn = it._redactor.learn, lambda *_: None  # type: ignore[method-assign]
        try:
            found = await right(it, account)
        finally:
            it._redactor.learn = learn  # type: ignore[method-assign]
        sign_in.log.info("credentials_read", text=found.password)
        return found

    patch.setattr(SecretsManagerCredentials, "of", of)


def replay_without_its_mark(patch: pytest.MonkeyPatch) -> None:
    """Send a dead letter back as it was: the limiter takes it for a copy."""
    right = DeadLetter.attributes_as_sent

    def attributes_as_sent(it: DeadLetter, at: Any) -> dict[str, Any]:
        return {name: each for name, each in right(it, at).items() if name != REPLAY}

    patch.setattr(DeadLetter, "attributes_as_sent", attributes_as_sent)


def woken_for_another_and_left_asleep(patch: pytest.MonkeyPatch) -> None:
    """Forget to say when a message comes back that was woken for another's turn."""
    patch.setattr(turns, "wakings", lambda _bucket, count, _freed, now: [now + 10**9] * count)
