"""One invocation of the real limiter, run step by step, with its own clock and its own bad luck."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, ReadTimeoutError
from greenlet import GreenletExit, getcurrent, greenlet

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.rate_limiter import arrivals
from huntaze_scraper.rate_limiter.decisions import Decision
from huntaze_scraper.rate_limiter.ingress import Ingress
from huntaze_scraper.rate_limiter.turns import State
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent, send_to_workflows_queue

if TYPE_CHECKING:
    from tests.unit.rate_limiter.simulation.world import World

CALL_SECONDS = 9
FUNCTION_SECONDS = 30

_silent = Logger(service="simulation", level="CRITICAL")


class Invocation:
    """A batch in the limiter's hands."""

    def __init__(self, world: "World", records: Sequence[Mapping[str, Any]]) -> None:
        self.world = world
        self.batch = [arrivals.read(record) for record in records]
        self.skew = world.random.choice([0.0, 1.0, world.random.random()]) * world.options.clock_skew_seconds
        self.started = world.now
        self.is_over = False
        self.decisions: list[Decision] = []
        self._loop = getcurrent()
        self._greenlet = greenlet(self._run)
        self._limiter = world.limiter_class(
            limit=world.limit,
            reservations=_Store(self),
            workflows=_Workflows(self),
            ingress=Ingress(_Sqs(self), "ingress", "dlq", _silent),
            clock=_Clock(self),
            jitter=lambda most: world.random.uniform(0, most),
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

    def _run(self) -> None:
        self.way()
        remaining = FUNCTION_SECONDS - (self.world.now - self.started)
        self.decisions = self._limiter.take(self.batch, remaining)
        self.way()
        for decision in self.decisions:
            self.world.decisions.append(decision)
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

    def read(self, job_ids: Collection[str], accounts: Collection[str]) -> State:
        world = self._invocation.world
        world.store_calls += 1
        return self._invocation.call(
            "store", lambda: world.store.read(job_ids, accounts), lambda: StoreUnavailable("simulated")
        )

    def write(self, changed: State) -> State:
        world = self._invocation.world
        world.store_calls += 1
        return self._invocation.call("store", lambda: world.write(changed), lambda: StoreUnavailable("simulated"))


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
