"""What the limiter does with a batch: those whose turn it is go, the others sleep until it may be."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aws_lambda_powertools import Logger

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import InvalidJob, StoreUnavailable
from huntaze_scraper.jobs import Job
from huntaze_scraper.queues.limits import MAX_ENTRIES
from huntaze_scraper.rate_limiter.arrivals import Arrival
from huntaze_scraper.rate_limiter.decisions import Decision, Forwarding
from huntaze_scraper.rate_limiter.dispatch import PATIENCE_MS, SETTLING_MS, Dispatch, Standing
from huntaze_scraper.rate_limiter.ingress import CannotSetAside

FIRST_BACKOFF_SECONDS, LONG_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 5, 80, 900
"""A message that failed comes back after these seconds: first, doubled with each receive, and in a long outage.

The middle one must not be longer: what may be on the queue already has to come
back while the queue would still know it.
"""

LONG_OUTAGE_RECEIVES = 40

POISON_RECEIVES = 5
"""A message that cannot even be read, for a reason that nobody foresaw, is set aside at this receive."""


class IngressQueue(Protocol):
    """Where messages come from."""

    def hide(self, seconds: Mapping[str, int], arrivals: Sequence[Arrival]) -> None:
        """Keep each message away for its seconds, by message id."""
        ...

    def delete(self, arrivals: Sequence[Arrival]) -> None:
        """Delete messages that are asleep."""
        ...

    def set_aside(self, arrival: Arrival, *, reason: str, error_class: str) -> None:
        """Put the message on the dead-letter queue."""
        ...


class Limiter:
    """Takes batches of ingress messages."""

    def __init__(
        self,
        *,
        dispatch: Dispatch,
        bucket_of: Callable[[str], str],
        opens_in: Callable[[], float],
        ingress: IngressQueue,
        clock: Clock,
        logger: Logger,
    ) -> None:
        """Use what is given; ``bucket_of`` names the bucket of an account, ``opens_in`` tells when buckets count."""
        self._dispatch = dispatch
        self._bucket_of = bucket_of
        self._opens_in = opens_in
        self._ingress = ingress
        self._clock = clock
        self._logger = logger

    def take(self, arrivals: Sequence[Arrival], remaining_seconds: float) -> list[Decision]:
        """Decide and carry out; return the decisions, first of the batch in its order, then of others that went."""
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
        others = self._take_turns(valid, decided, deadline)
        hidden = {key: it.retry_after for key, it in decided.items() if it.retry_after is not None}
        if hidden:
            self._ingress.hide(hidden, arrivals)
        if others:
            self._ingress.delete([it.arrival for it in others])
        return [*(decided[arrival.message_id] for arrival in arrivals), *others]

    def _take_turns(
        self, valid: Sequence[tuple[Arrival, Job]], decided: dict[str, Decision], deadline: int
    ) -> list[Decision]:
        others: list[Decision] = []
        closed = self._closed() if valid else None
        if closed is not None:
            decided.update((arrival.message_id, self._decision(arrival, job, closed)) for arrival, job in valid)
            return others
        wait_until = min(self._now() + PATIENCE_MS, deadline)
        for start in range(0, len(valid), MAX_ENTRIES):
            buckets: defaultdict[str, list[tuple[Arrival, Job]]] = defaultdict(list)
            for arrival, job in valid[start : start + MAX_ENTRIES]:
                buckets[self._bucket_of(job.account)].append((arrival, job))
            for key, messages in buckets.items():
                part: dict[str, tuple[Arrival, Job]] = {}
                for arrival, job in messages:
                    # Copies of one job share its turn, and take that of a replay if one of them is that.
                    if arrival.is_replay or job.job_id not in part:
                        part[job.job_id] = (arrival, job)
                dispatched = self._dispatch.take(key, part, wait_until, deadline)
                for arrival, job in messages:
                    decided[arrival.message_id] = self._decision(arrival, job, dispatched.standings[job.job_id])
                others += [
                    self._decision(it.arrival, it.job, dispatched.standings[job_id])
                    for job_id, it in dispatched.others.items()
                ]
        return others

    def _closed(self) -> Standing | None:
        """Say what becomes of messages while nothing may pass, for the scope of the limit was changed."""
        try:
            seconds = self._opens_in()
        except StoreUnavailable as error:
            return Standing(Forwarding.FAILED, reason=str(error))
        return Standing(Forwarding.DELAYED, self._now() + int(seconds * 1000)) if seconds else None

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
        return int(self._clock.now() * 1000)


def back_off_seconds(receive_count: int) -> int:
    """Return when a message that failed comes back."""
    if receive_count >= LONG_OUTAGE_RECEIVES:
        return LONGEST_BACKOFF_SECONDS
    return int(min(FIRST_BACKOFF_SECONDS * 2 ** (receive_count - 1), LONG_BACKOFF_SECONDS))
