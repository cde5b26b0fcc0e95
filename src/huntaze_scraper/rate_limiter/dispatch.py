"""A part of a batch against one bucket: it joins the line, and whose turn it is goes, whosever message came."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from aws_lambda_powertools import Logger

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.jobs import Job
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter import turns
from huntaze_scraper.rate_limiter.arrivals import Arrival
from huntaze_scraper.rate_limiter.bucket import Bucket, Lease, Limit
from huntaze_scraper.rate_limiter.decisions import Forwarding
from huntaze_scraper.rate_limiter.places import Changed, Places, WrittenMeanwhile
from huntaze_scraper.rate_limiter.turns import Asked, Picked
from huntaze_scraper.rate_limiter.waiting import Waiting
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent
from huntaze_scraper.state.slot import Place

type Part = Mapping[str, tuple[Arrival, Job]]
"""Messages by job id: copies of one job share its turn."""

PATIENCE_MS = 10_000
"""How long an invocation waits for a token or for another invocation at most, rather than have a message come again."""

LOOK_AGAIN_MS = 500
"""How soon it looks again whether another one is done with an account."""

BEHIND_MS = 5_000
"""When a message comes back where it was not."""

SETTLING_MS = 8_000
"""What is kept of the invocation's time for sending, settling and hiding."""

CONFLICT_BACKOFF_MS, LONGEST_CONFLICT_BACKOFF_MS = 25, 1_000


class WorkflowsQueue(Protocol):
    """Where messages go."""

    def send(self, forwards: Sequence[Forward], *, start_until: float) -> Sent:
        """Send the messages in order, no call begun after the moment; never raises for the queue's fault."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one job's turn."""

    forwarding: Forwarding
    until: int = 0
    """When it comes back, ms; 0 for after a back-off."""
    tokens_remaining: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What came of a part."""

    standings: dict[str, Standing] = field(default_factory=dict)
    """By job id: of the part's jobs, and of others that went."""
    others: dict[str, Waiting] = field(default_factory=dict)
    """Jobs that went though their messages sleep: these are of no use any more."""
    behind: list[str] = field(default_factory=list)
    """Jobs whose messages are to look again: of their accounts another invocation is sending, or there are tokens."""

    def stay(self, standing: Mapping[str, Waiting], now: int) -> None:
        """Let those look again whose slots are over; the others sleep until theirs."""
        sleeping = {job_id: it for job_id, it in standing.items() if it.wakes_at > now}
        self.standings.update(_delayed(sleeping))
        self.behind.extend(job_id for job_id in standing if job_id not in sleeping)


class Dispatch:
    """Takes parts of batches."""

    def __init__(
        self,
        *,
        limit: Limit,
        places: Places,
        workflows: WorkflowsQueue,
        clock: Clock,
        jitter: Callable[[float], float],
        logger: Logger,
    ) -> None:
        """Use what is given; ``jitter`` draws a number from zero to its argument."""
        self._limit = limit
        self._places = places
        self._workflows = workflows
        self._clock = clock
        self._jitter = jitter
        self._logger = logger

    def take(self, key: str, part: Part, wait_until: int, deadline: int) -> Dispatched:
        """Let those go whose turn it is at the bucket of that key; wait a while for others that are sending."""
        result = Dispatched()
        left = dict(part)
        while left:
            try:
                taken = self._take_patiently(key, left, wait_until, deadline)
            except StoreUnavailable as error:
                result.standings.update(dict.fromkeys(left, Standing(Forwarding.FAILED, reason=str(error))))
                break
            result.standings.update(taken.standings)
            result.others.update(taken.others)
            left = {job_id: left[job_id] for job_id in taken.behind}
            if left and self._now() + LOOK_AGAIN_MS > wait_until:
                standing = Standing(Forwarding.BEHIND, self._now() + BEHIND_MS)
                result.standings.update(dict.fromkeys(left, standing))
                break
            if left:
                self._clock.sleep(LOOK_AGAIN_MS / 1000)
        return result

    def _take_patiently(self, key: str, part: Part, wait_until: int, deadline: int) -> Dispatched:
        """Take a part; once more when another invocation was faster."""
        attempt = 0
        while True:
            try:
                return self._take(key, part, wait_until, deadline)
            except WrittenMeanwhile:
                attempt += 1
                if not self._backs_off(attempt, deadline):
                    raise StoreUnavailable("other invocations were always faster") from None

    def _take(self, key: str, part: Part, wait_until: int, deadline: int) -> Dispatched:
        before, places = self._places.read(key, part.keys())
        now = self._now()
        arrived = turns.arrive(self._limit, before, places, [_asked(*it) for it in part.values()], now)
        picked = turns.pick(arrived, now, wait_until)
        batch = _Batch(key, part, places, arrived.new, arrived.woken)
        bucket, heads = self._heads(arrived.bucket, picked, batch)
        result = Dispatched(dict.fromkeys(arrived.done, Standing(Forwarding.DUPLICATE)))
        result.standings.update(dict.fromkeys(arrived.gone, Standing(Forwarding.GONE)))
        if heads:
            bucket, lease = bucket.caught_up(picked.caught_up).granted(
                self._limit, [it.turn for it in heads], picked.go_at
            )
            bucket = self._places.write(key, Changed(bucket, arrived.new, batch.joining.values()))
            sent = self._send(heads, bucket, picked.go_at)
            self._settle(result, batch, bucket, lease, heads, sent, deadline, looks_again=picked.looks_again)
        elif picked.looks_again:
            if arrived.new:
                self._places.write(key, Changed(bucket, arrived.new, batch.joining.values()))
            result.stay(batch.standing, now)
        else:
            bucket, asleep = batch.asleep(self._limit, bucket, 0, now, stay=False)
            if asleep or bucket != before:
                self._places.write(key, Changed(bucket, arrived.new, batch.own(asleep)))
            result.standings.update(_delayed(asleep))
        return result

    def _heads(self, bucket: Bucket, picked: Picked, batch: "_Batch") -> tuple[Bucket, list[Waiting]]:
        """Find the jobs whose turns it is: of each account and priority those that were sent first."""
        found: dict[Next, list[Waiting]] = {}
        for turn in dict.fromkeys(picked.turns):
            count = picked.turns.count(turn)
            new = [it for it in batch.joining.values() if it.turn == turn]
            is_all_new = bucket.line.waiting(*turn) == len(new)
            stored = [] if is_all_new else self._places.first(turn, count)
            merged = {it.order: it for it in (*stored, *new)}
            found[turn] = [merged[name] for name in sorted(merged)[:count]]
            if len(stored) < count:
                bucket = replace(bucket, line=turns.corrected(bucket.line, turn, len(merged)))
        return bucket, [found[turn].pop(0) for turn in picked.turns if found[turn]]

    def _send(self, heads: Sequence[Waiting], bucket: Bucket, go_at: int) -> Sent:
        early = go_at - self._now()
        if early > 0:
            self._clock.sleep(early / 1000)
        free = bucket.tokens.free(self._now())
        forwards = [Forward(it.arrival, it.job, free) for it in heads]
        return self._workflows.send(forwards, start_until=(go_at + self._limit.lease_ms // 2) / 1000)

    def _settle(
        self,
        result: Dispatched,
        batch: "_Batch",
        bucket: Bucket,
        lease: Lease,
        heads: Sequence[Waiting],
        sent: Sent,
        deadline: int,
        *,
        looks_again: bool,
    ) -> None:
        """Write what became of the jobs, and when each token was really spent, and tell who sleeps.

        Who is behind looks again, and so does who took the turns of messages that were just coming, which have tokens.

        Where that is not possible, the lease runs out, which is later but as safe: the jobs still stand in the line,
        and are sent again by who comes next; the queue takes none of them a second time.
        """
        sent_at = self._now()
        accepted = {it.job.job_id: it for it in heads if it.job.job_id in sent.accepted}
        others = {job_id: it for job_id, it in accepted.items() if job_id not in batch.part}
        batch = batch.without(it.job.job_id for it in heads)
        asleep = batch.standing
        attempt, is_settled = 0, False
        while not is_settled:
            try:
                if attempt:
                    bucket, places = self._places.read(batch.key, batch.job_ids)
                    gone = [job_id for job_id, it in places.items() if it.forwarded_at is not None]
                    result.standings.update(dict.fromkeys(gone, Standing(Forwarding.GONE)))
                    batch = batch.without(gone)
                    asleep = batch.standing
                after = _after(self._limit, bucket, lease, heads, sent, sent_at)
                after = after.vacated(
                    it.wakes_at
                    for job_id, it in accepted.items()
                    if job_id in others or it.wakes_at > sent_at + turns.SOONEST_MS
                )
                after, asleep = batch.asleep(self._limit, after, len(others), sent_at, stay=looks_again)
                went = {job_id: _gone(it, sent_at, was_asleep=job_id in others) for job_id, it in accepted.items()}
                self._places.write(batch.key, Changed(after, went, batch.own(asleep), accepted.values()))
                is_settled = True
            except WrittenMeanwhile:
                attempt += 1
                if not self._backs_off(attempt, deadline + SETTLING_MS // 2):
                    break
            except StoreUnavailable as error:
                self._logger.warning("grants not settled", error=str(error), jobs=sorted(sent.accepted))
                break
        if is_settled:
            result.others.update(others)
        free = bucket.tokens.free(sent_at)
        for it in heads:
            result.standings[it.job.job_id] = _standing(it.job.job_id, sent, free, is_settled=is_settled)
        result.stay(asleep, sent_at)

    def _backs_off(self, attempt: int, deadline: int) -> bool:
        """Wait, with full jitter, after a conflict; tell whether there was time for it."""
        most_ms = min(CONFLICT_BACKOFF_MS * 2**attempt, LONGEST_CONFLICT_BACKOFF_MS)
        wait_ms = self._jitter(most_ms)
        if self._now() + wait_ms > deadline:
            return False
        self._clock.sleep(wait_ms / 1000)
        return True

    def _now(self) -> int:
        return int(self._clock.now() * 1000)


@dataclass(frozen=True, slots=True)
class _Batch:
    """A part as it was taken into the line."""

    key: str
    part: Part
    places: Mapping[str, Place]
    """Of those that had one."""
    new: Mapping[str, Place]
    woken: frozenset[str]

    @property
    def joining(self) -> dict[str, Waiting]:
        """The jobs that are new in the line."""
        return {job_id: self._waiting(job_id, place.slot_at) for job_id, place in self.new.items()}

    @property
    def standing(self) -> dict[str, Waiting]:
        """The jobs that stand in the line, as they came."""
        return self.joining | {job_id: self._waiting(job_id, self.places[job_id].slot_at) for job_id in self.woken}

    @property
    def job_ids(self) -> list[str]:
        """The jobs that stand in the line."""
        return [*self.new, *sorted(self.woken)]

    def without(self, job_ids: Iterable[str]) -> "_Batch":
        """Leave out what does not sleep."""
        out = set(job_ids)
        new = {job_id: place for job_id, place in self.new.items() if job_id not in out}
        return replace(self, new=new, woken=self.woken - out)

    def asleep(
        self, limit: Limit, bucket: Bucket, went: int, now: int, *, stay: bool
    ) -> tuple[Bucket, dict[str, Waiting]]:
        """Tell when each message comes back: at its slot, or, once that is over, at another."""
        asleep = self.standing
        over = [job_id for job_id, it in asleep.items() if it.wakes_at <= now + turns.SOONEST_MS]
        again = sorted(over, key=self._weariness)
        bucket, moments = turns.wakings(
            limit, bucket, [self.part[it][0].receive_count for it in again], went, now, stay=stay
        )
        return bucket, asleep | {job_id: self._waiting(job_id, at) for job_id, at in zip(again, moments, strict=True)}

    def _weariness(self, job_id: str) -> tuple[int, int, str]:
        """Whose message was received most comes back last."""
        return self.part[job_id][0].receive_count, self.part[job_id][0].sent_at, job_id

    def _waiting(self, job_id: str, wakes_at: int) -> Waiting:
        place = self.new.get(job_id) or self.places[job_id]
        return Waiting(self.part[job_id][0], wakes_at, place.number)

    def own(self, asleep: Mapping[str, Waiting]) -> list[Waiting]:
        """Leave out copies: their messages are not those that wait for the job."""
        ids = {job_id: it.message_id for job_id, it in self.places.items() if job_id in self.woken}
        return [it for job_id, it in asleep.items() if ids.get(job_id, it.arrival.message_id) == it.arrival.message_id]


def _asked(arrival: Arrival, job: Job) -> Asked:
    return Asked(job.job_id, job.account, job.priority, arrival.sent_at, arrival.message_id, arrival.is_replay)


def _after(limit: Limit, bucket: Bucket, lease: Lease, heads: Sequence[Waiting], sent: Sent, sent_at: int) -> Bucket:
    """Return the bucket once it is known what became of the jobs."""
    in_doubt = {it.turn.account for it in heads if it.job.job_id in sent.unknown}
    for it in heads:
        if it.job.job_id in sent.accepted:
            bucket = bucket.sent(limit, lease, it.turn, sent_at)
        elif it.job.job_id in sent.refused:
            bucket = bucket.returned(lease, sent_at)
    for account in sorted({it.turn.account for it in heads} - in_doubt):
        bucket = bucket.released(lease, account)
    return bucket


def _gone(it: Waiting, sent_at: int, *, was_asleep: bool) -> Place:
    arrival, turn = it.arrival, it.turn
    return Place(
        turn.account, it.wakes_at, it.number, turn.priority, arrival.sent_at, arrival.message_id, sent_at, was_asleep
    )


def _delayed(waiting: Mapping[str, Waiting]) -> dict[str, Standing]:
    return {job_id: Standing(Forwarding.DELAYED, it.wakes_at) for job_id, it in waiting.items()}


def _standing(job_id: str, sent: Sent, tokens_remaining: int, *, is_settled: bool) -> Standing:
    if job_id in sent.accepted and not is_settled:
        return Standing(Forwarding.FAILED, reason="forwarded, but the state table could not be told")
    if job_id in sent.accepted:
        return Standing(Forwarding.FORWARDED, tokens_remaining=tokens_remaining)
    code = sent.refused.get(job_id) or sent.unknown.get(job_id, "NoAnswer")
    return Standing(Forwarding.FAILED, reason=f"workflows queue: {code}")
