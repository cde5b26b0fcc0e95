"""What the limiter does with a batch: reserve for all of it at once, forward what is in turn, hide the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aws_lambda_powertools import Logger

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import InvalidJob, StoreUnavailable
from huntaze_scraper.jobs import Job
from huntaze_scraper.rate_limiter import turns
from huntaze_scraper.rate_limiter.arrivals import Arrival
from huntaze_scraper.rate_limiter.decisions import Decision, Forwarding
from huntaze_scraper.rate_limiter.ingress import CannotSetAside
from huntaze_scraper.rate_limiter.reservations import Reservations, ReservedMeanwhile
from huntaze_scraper.rate_limiter.token_bucket import Limit
from huntaze_scraper.rate_limiter.turns import Asked, State, Turns
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent

MAX_BATCH = 10
"""Messages reserved for in one write; a larger batch is taken in parts."""

PATIENCE_MS = 10_000
"""How long an invocation waits for a token or for an earlier message at most, rather than have a message come again."""

LOOK_AGAIN_MS = 500
"""How soon it looks again whether the earlier message has gone."""

BEHIND_MS = 5_000
"""When a message comes back that still stood behind an earlier one; a step later for each that is ahead of it."""

SETTLING_MS = 8_000
"""What is kept of the invocation's time for sending, settling and hiding."""

FIRST_BACKOFF_SECONDS, LONG_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 5, 80, 900
"""A message that failed comes back after these seconds: first, doubled with each receive, and in a long outage.

The middle one must not be longer: what may be on the queue already has to come
back while the queue would still know it.
"""

LONG_OUTAGE_RECEIVES = 40

POISON_RECEIVES = 5
"""A message that cannot even be read, for a reason that nobody foresaw, is set aside at this receive."""

CONFLICT_BACKOFF_MS, LONGEST_CONFLICT_BACKOFF_MS = 25, 1_000


class WorkflowsQueue(Protocol):
    """Where messages go."""

    def send(self, forwards: Sequence[Forward], *, start_until: float) -> Sent:
        """Send the messages in order, no call begun after the moment; never raises for the queue's fault."""
        ...


class IngressQueue(Protocol):
    """Where messages come from."""

    def hide(self, seconds: Mapping[str, int], arrivals: Sequence[Arrival]) -> None:
        """Keep each message away for its seconds, by message id."""
        ...

    def set_aside(self, arrival: Arrival, *, reason: str, error_class: str) -> None:
        """Put the message on the dead-letter queue."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one job's turn."""

    forwarding: Forwarding
    until: int = 0
    """When it comes back, ms; 0 for after a back-off."""
    tokens_remaining: int | None = None
    reason: str | None = None


class Limiter:
    """Takes batches of ingress messages against the bucket."""

    def __init__(
        self,
        *,
        limit: Limit,
        reservations: Reservations,
        workflows: WorkflowsQueue,
        ingress: IngressQueue,
        clock: Clock,
        jitter: Callable[[float], float],
        logger: Logger,
    ) -> None:
        """Use what is given; ``jitter`` draws a number from zero to its argument."""
        self._limit = limit
        self._reservations = reservations
        self._workflows = workflows
        self._ingress = ingress
        self._clock = clock
        self._jitter = jitter
        self._logger = logger

    def take(self, arrivals: Sequence[Arrival], remaining_seconds: float) -> list[Decision]:
        """Decide about each message, carry it out, and return the decisions in the batch's order."""
        deadline = self._now() + int(remaining_seconds * 1000) - SETTLING_MS
        decided: dict[str, Decision] = {}
        valid: list[tuple[Arrival, Job]] = []
        for arrival in arrivals:
            try:
                valid.append((arrival, arrival.job()))
            except InvalidJob as error:
                decided[arrival.message_id] = self._set_aside(arrival, str(error), type(error).__name__)
            except Exception as error:  # one message's trouble must not be its neighbours'
                self._logger.exception("message not read", message_id=arrival.message_id)
                decided[arrival.message_id] = self._not_read(arrival, error)
        for start in range(0, len(valid), MAX_BATCH):
            part = valid[start : start + MAX_BATCH]
            standings = self._take_turns(part, deadline)
            for arrival, job in part:
                decided[arrival.message_id] = self._decision(arrival, job, standings[job.job_id])
        hidden = {key: it.retry_after for key, it in decided.items() if it.retry_after is not None}
        if hidden:
            self._ingress.hide(hidden, arrivals)
        return [decided[arrival.message_id] for arrival in arrivals]

    def _take_turns(self, part: Sequence[tuple[Arrival, Job]], deadline: int) -> dict[str, Standing]:
        waiting: dict[str, tuple[Arrival, Job]] = {}
        for arrival, job in part:
            # Copies of one job share its turn, and take that of a replay if one of them is that.
            if arrival.is_replay or job.job_id not in waiting:
                waiting[job.job_id] = (arrival, job)
        standings: dict[str, Standing] = {}
        wait_until = min(self._now() + PATIENCE_MS, deadline)
        while waiting:
            try:
                state, decided = self._reserve(waiting, wait_until, deadline)
            except StoreUnavailable as error:
                standings.update(dict.fromkeys(waiting, Standing(Forwarding.FAILED, reason=str(error))))
                break
            standings.update(dict.fromkeys(decided.done, Standing(Forwarding.DUPLICATE)))
            standings.update({job_id: Standing(Forwarding.DELAYED, at) for job_id, at in decided.delayed.items()})
            if decided.grants:
                standings.update(self._forward(waiting, state, decided, deadline))
            waiting = {job_id: it for job_id, it in waiting.items() if job_id in decided.behind}
            if waiting and self._now() + LOOK_AGAIN_MS > wait_until:
                standings.update(
                    (job_id, Standing(Forwarding.BEHIND, self._now() + BEHIND_MS + ahead * self._limit.step_ms))
                    for job_id, ahead in decided.behind.items()
                )
                break
            if waiting:
                self._clock.sleep(LOOK_AGAIN_MS / 1000)
        return standings

    def _reserve(
        self, waiting: Mapping[str, tuple[Arrival, Job]], wait_until: int, deadline: int
    ) -> tuple[State, Turns]:
        """Read, decide, and write what was decided; once more when another invocation was faster."""
        asked = [
            Asked(job.job_id, job.account, arrival.sent_at, arrival.is_replay) for arrival, job in waiting.values()
        ]
        accounts = {it.account for it in asked}
        attempt = 0
        while True:
            try:
                state = self._reservations.read([it.job_id for it in asked], accounts)
                decided = turns.decide(self._limit, state, asked, now=self._now(), wait_until=wait_until)
                if decided.changed is None:
                    return state, decided
                return state.updated(self._reservations.write(decided.changed)), decided
            except ReservedMeanwhile:
                attempt += 1
                if not self._backs_off(attempt, deadline):
                    raise StoreUnavailable("other invocations were always faster") from None

    def _forward(
        self, waiting: Mapping[str, tuple[Arrival, Job]], state: State, decided: Turns, deadline: int
    ) -> dict[str, Standing]:
        """Send what has a token, and note for the bucket when each token was really spent."""
        early = decided.go_at - self._now()
        if early > 0:
            self._clock.sleep(early / 1000)
        forwards = [Forward(*waiting[job_id], it.tokens_remaining) for job_id, it in decided.grants.items()]
        sent = self._workflows.send(forwards, start_until=(decided.go_at + self._limit.lease_ms // 2) / 1000)
        is_settled = self._settle(
            state,
            sent=dict.fromkeys(sent.accepted, self._now()),
            unsent=[job_id for job_id in sent.refused if not decided.grants[job_id].may_be_a_repeat],
            deadline=deadline + SETTLING_MS // 2,
        )
        return {
            job_id: _standing(job_id, sent, it.tokens_remaining, is_settled=is_settled)
            for job_id, it in decided.grants.items()
        }

    def _settle(self, state: State, *, sent: Mapping[str, int], unsent: Sequence[str], deadline: int) -> bool:
        """Write what became of the grants, and tell whether that was possible.

        Where it was not, the leases run out, which is later but as safe, and the
        messages come back soon: the queue takes none of them a second time.
        """
        attempt = 0
        while sent or unsent:
            try:
                if attempt:
                    accounts = {state.reservations[job_id].account for job_id in sent}
                    state = state.updated(self._reservations.read([*sent, *unsent], accounts))
                self._reservations.write(turns.settle(self._limit, state, sent=sent, unsent=unsent))
            except ReservedMeanwhile:
                attempt += 1
                if not self._backs_off(attempt, deadline):
                    return False
            except StoreUnavailable as error:
                self._logger.warning("grants not settled", error=str(error), jobs=sorted(sent))
                return False
            else:
                return True
        return True

    def _backs_off(self, attempt: int, deadline: int) -> bool:
        """Wait, with full jitter, after a conflict; tell whether there was time for it."""
        most_ms = min(CONFLICT_BACKOFF_MS * 2**attempt, LONGEST_CONFLICT_BACKOFF_MS)
        wait_ms = self._jitter(most_ms)
        if self._now() + wait_ms > deadline:
            return False
        self._clock.sleep(wait_ms / 1000)
        return True

    def _decision(self, arrival: Arrival, job: Job, standing: Standing) -> Decision:
        forwarding, retry_after, reason = standing.forwarding, None, standing.reason
        if forwarding in (Forwarding.DELAYED, Forwarding.BEHIND):
            retry_after = max(1, -(-(standing.until - self._now()) // 1000))
        elif forwarding is Forwarding.FAILED:
            retry_after = back_off_seconds(arrival.receive_count)
        return Decision(
            arrival=arrival,
            forwarding=forwarding,
            job=job,
            retry_after=retry_after,
            tokens_remaining=standing.tokens_remaining,
            reason=reason,
        )

    def _not_read(self, arrival: Arrival, error: Exception) -> Decision:
        reason = f"not read: {type(error).__name__}"
        if arrival.receive_count >= POISON_RECEIVES:
            return self._set_aside(arrival, reason, type(error).__name__)
        wait = back_off_seconds(arrival.receive_count)
        return Decision(arrival, Forwarding.FAILED, retry_after=wait, reason=reason)

    def _set_aside(self, arrival: Arrival, reason: str, error_class: str) -> Decision:
        try:
            self._ingress.set_aside(arrival, reason=reason, error_class=error_class)
        except CannotSetAside as error:
            wait = back_off_seconds(arrival.receive_count)
            return Decision(arrival, Forwarding.FAILED, retry_after=wait, reason=f"not set aside: {error}; {reason}")
        return Decision(arrival, Forwarding.SET_ASIDE, reason=reason)

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds, rounded down as SQS rounds its timestamps."""
    return int(seconds * 1000)


def back_off_seconds(receive_count: int) -> int:
    """Return when a message that failed comes back."""
    if receive_count >= LONG_OUTAGE_RECEIVES:
        return LONGEST_BACKOFF_SECONDS
    return int(min(FIRST_BACKOFF_SECONDS * 2 ** (receive_count - 1), LONG_BACKOFF_SECONDS))


def _standing(job_id: str, sent: Sent, tokens_remaining: int, *, is_settled: bool) -> Standing:
    if job_id in sent.accepted and not is_settled:
        return Standing(Forwarding.FAILED, reason="forwarded, but the state table could not be told")
    if job_id in sent.accepted:
        return Standing(Forwarding.FORWARDED, tokens_remaining=tokens_remaining)
    code = sent.refused.get(job_id) or sent.unknown.get(job_id, "NoAnswer")
    return Standing(Forwarding.FAILED, reason=f"workflows queue: {code}")
