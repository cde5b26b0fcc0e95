"""One invocation of the real limiter, run step by step, with its own clock and its own bad luck."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, ReadTimeoutError
from greenlet import GreenletExit, getcurrent, greenlet

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.limit.in_force import Scope
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter import arrivals
from huntaze_scraper.rate_limiter.bucket import Bucket
from huntaze_scraper.rate_limiter.decisions import Decision
from huntaze_scraper.rate_limiter.dispatch import Dispatch
from huntaze_scraper.rate_limiter.ingress import Ingress
from huntaze_scraper.rate_limiter.limiter import Limiter
from huntaze_scraper.rate_limiter.places import Changed
from huntaze_scraper.rate_limiter.waiting import Waiting
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent, send_to_workflows_queue
from huntaze_scraper.state.keys import WORKFLOWS_BUCKET, Kind
from huntaze_scraper.state.slot import Place
from tests.unit.rate_limiter.simulation.ground import Ground

CALL_SECONDS = 9
FUNCTION_SECONDS = 30

_silent = Logger(service="simulation", level="CRITICAL")


class Invocation:
    """A batch in the limiter's hands."""

    def __init__(self, world: Ground, records: Sequence[Mapping[str, Any]]) -> None:
        self.world = world
        self.batch = [arrivals.read(record) for record in records]
        self.skew = world.random.choice([0.0, 1.0, world.random.random()]) * world.options.clock_skew_seconds
        self.started = world.now
        self.is_over = False
        self.decisions: list[Decision] = []
        self._loop = getcurrent()
        self._greenlet = greenlet(self._run)
        self._limiter = Limiter(
            dispatch=Dispatch(
                limit=world.limit,
                places=_Store(self),
                workflows=_Workflows(self),
                clock=_Clock(self),
                jitter=lambda most: world.random.uniform(0, most),
                logger=_silent,
            ),
            bucket_of=(lambda _: WORKFLOWS_BUCKET) if world.is_shared else Kind.BUCKET.of_account,
            opens_in=partial(self._opens_in, world.scope),
            ingress=Ingress(_Sqs(self), "ingress", "dlq", _silent),  # type: ignore[arg-type]
            clock=_Clock(self),
            logger=_silent,
        )

    def resume(self) -> None:
        """Go on to the next step, if there still is an invocation."""
        if self.is_over:
            return
        if self.world.now - self.started >= FUNCTION_SECONDS:
            self.kill()
            return
        wait = self._greenlet.switch()
        if self._greenlet.dead:
            self.is_over = True
        else:
            self.world.at(wait, self.resume)

    def kill(self) -> None:
        """End the process where it stands."""
        self.is_over = True
        if not self._greenlet.dead and self._greenlet:
            self._greenlet.throw(GreenletExit())

    def pause(self, seconds: float) -> None:
        """Let the world go on for so long."""
        self._loop.switch(seconds)

    def way(self) -> None:
        """Let a request or an answer travel."""
        world = self.world
        if world.happens(world.options.crash):
            world.note_fault(self)
            raise GreenletExit
        if world.happens(world.options.stall):
            world.note_fault(self)
            self.pause(world.random.uniform(CALL_SECONDS, 2 * CALL_SECONDS))
        elif world.happens(world.options.slow):
            self.pause(world.random.uniform(0.2, 2.4))
        else:
            self.pause(world.random.uniform(0.002, 0.05))

    def call[Answer](self, service: str, effect: Callable[[], Answer], failure: Callable[[], Exception]) -> Answer:
        """Make a call: it takes effect between the request's way and the answer's, or does not."""
        world = self.world
        started = world.now
        self.way()
        if world.is_down(service) or world.now - started > CALL_SECONDS or world.happens(world.options.lost_request):
            world.note_fault(self)
            raise failure()
        answer = effect()
        self.way()
        if world.now - started > CALL_SECONDS or world.happens(world.options.lost_answer):
            world.note_fault(self)
            raise failure()
        return answer

    def _opens_in(self, scope: Scope) -> float:
        self.world.marks.is_down = self.world.is_down("store")
        return scope.opens_in()

    def _run(self) -> None:
        self.way()
        remaining = FUNCTION_SECONDS - (self.world.now - self.started)
        self.decisions = self._limiter.take(self.batch, remaining)
        self.way()
        self.world.decisions += self.decisions
        for decision in self.decisions[: len(self.batch)]:
            if not decision.is_handled:
                continue
            if self.world.happens(self.world.options.lost_deletion):
                self.world.note_fault(self)
            else:
                self.world.ingress.delete(decision.arrival.message_id)


class _Clock:
    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def now(self) -> float:
        return self._invocation.world.now + self._invocation.skew

    def monotonic(self) -> float:
        return self._invocation.world.now

    def sleep(self, seconds: float) -> None:
        self._invocation.pause(seconds)


class _Store:
    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._world = invocation.world

    def read(self, key: str, job_ids: Collection[str]) -> tuple[Bucket, dict[str, Place]]:
        return self._call(lambda: self._world.store.read(key, job_ids))

    def first(self, turn: Next, count: int) -> list[Waiting]:
        return self._call(lambda: self._world.store.first(turn, count))

    def write(self, key: str, changed: Changed) -> Bucket:
        # What is written is fixed before the request is on its way.
        changed = replace(changed, waiting=list(changed.waiting), gone=list(changed.gone))
        return self._call(lambda: self._world.write(key, changed))

    def _call[Answer](self, effect: Callable[[], Answer]) -> Answer:
        self._world.store_calls += 1
        return self._invocation.call("store", effect, lambda: StoreUnavailable("simulated"))


class _Workflows:
    def __init__(self, invocation: Invocation) -> None:
        self._client: Any = _Sqs(invocation)
        self._clock = _Clock(invocation)

    def send(self, forwards: Sequence[Forward], *, start_until: float) -> Sent:
        return send_to_workflows_queue(self._client, "workflows", forwards, clock=self._clock, start_until=start_until)


class _Sqs:
    """The three calls that the limiter makes."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        def send(entry: Mapping[str, Any]) -> bool:
            self._invocation.world.workflows.send(entry)
            return True

        return self._batch(QueueUrl, Entries, send)

    def change_message_visibility_batch(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        Entries: Sequence[Mapping[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        ingress = self._invocation.world.ingress
        return self._batch(
            QueueUrl, Entries, lambda entry: ingress.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])
        )

    def delete_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        ingress = self._invocation.world.ingress
        return self._batch(QueueUrl, Entries, lambda entry: ingress.delete_by(entry["ReceiptHandle"]))

    def send_message(self, *, QueueUrl: str, MessageBody: str, MessageAttributes: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        world = self._invocation.world

        def effect() -> dict[str, Any]:
            world.set_aside.append((MessageBody, MessageAttributes))
            return {}

        return self._invocation.call(QueueUrl, effect, self._failure)

    def _batch(
        self, queue: str, entries: Sequence[Mapping[str, Any]], effect: Callable[[Mapping[str, Any]], bool]
    ) -> dict[str, Any]:
        world = self._invocation.world

        def all_of_them() -> dict[str, Any]:
            answer: dict[str, Any] = {"Successful": [], "Failed": []}
            for entry in entries:
                fails = world.happens(world.options.failed_entry)
                is_blamed = world.random.random() < 0.5
                if fails:
                    world.note_fault(self._invocation)
                # An entry that failed through no fault of ours may have been taken nonetheless.
                taken = (not fails or (not is_blamed and world.random.random() < 0.5)) and effect(entry)
                if taken and not fails:
                    answer["Successful"].append({"Id": entry["Id"]})
                else:
                    answer["Failed"].append(
                        {"Id": entry["Id"], "Code": "Simulated", "SenderFault": is_blamed or not fails}
                    )
            return answer

        return self._invocation.call(queue, all_of_them, self._failure)

    def _failure(self) -> Exception:
        if self._invocation.world.random.random() < 0.5:
            return ReadTimeoutError(endpoint_url="simulated")
        return ClientError(
            {"Error": {"Code": "ServiceUnavailable"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "Simulated"
        )
