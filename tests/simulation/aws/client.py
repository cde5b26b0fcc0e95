"""boto3's clients, as far as ``src`` uses them, over the models: with time on the way, retries, and faults.

Retries are those of botocore's standard mode: what was throttled, what failed with 5xx, what was not answered in time.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.simulation.aws.refusal import Refusal
from tests.simulation.aws.sqs import as_received
from tests.simulation.faults import Fault
from tests.simulation.ground import Ground
from tests.simulation.process import Process

THROTTLED = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "sqs": "RequestThrottled",
    "s3": "SlowDown",
    "secretsmanager": "ThrottlingException",
    "cloudwatch": "Throttling",
    "logs": "ThrottlingException",
    "lambda": "TooManyRequestsException",
    "cloudformation": "Throttling",
    "ecs": "ThrottlingException",
    "application-autoscaling": "ThrottlingException",
}
RETRIED = {*THROTTLED.values(), "ServiceUnavailable", "InternalServerError"}

WITHOUT_KEY = {
    "dynamodb": "AccessDeniedException",
    "sqs": "KmsThrottled",
    "s3": "KMS.DisabledException",
    "secretsmanager": "DecryptionFailure",
}
"""What each service answers that cannot have its key used: 400, which no client tries again."""
ENCRYPTED = {
    "dynamodb": {
        "get_item", "batch_get_item", "update_item", "put_item", "delete_item", "query", "transact_get_items",
        "transact_write_items",
    },
    "sqs": {"send_message", "send_message_batch", "receive_message"},
    "s3": {"put_object", "get_object"},
    "secretsmanager": {"get_secret_value", "put_secret_value"},
}  # fmt: skip
"""What needs the key; the other operations go on."""


class _Errors:
    """``client.exceptions``: a class for each code."""

    def __init__(self) -> None:
        self._known: dict[str, type[ClientError]] = {}

    def __getattr__(self, code: str) -> type[ClientError]:
        return self._known.setdefault(code, type(code, (ClientError,), {}))


ERRORS = {name: _Errors() for name in THROTTLED}


class Client:
    """A client of one service, in whichever process uses it."""

    def __init__(self, world: Ground, service: str, config: Config) -> None:
        self._world, self._service = world, service
        self._model = world.services[service]
        retries = getattr(config, "retries", None) or {}
        self._attempts = retries.get("total_max_attempts") or retries.get("max_attempts", 2) + 1
        self._patience = getattr(config, "read_timeout", None) or 60
        self.exceptions = ERRORS[service]
        self.meta = SimpleNamespace(events=SimpleNamespace(register=lambda *_: None))

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_"):
            raise AttributeError(operation)

        def method(**given: Any) -> Any:
            return self._call(operation, given)

        self.__dict__[operation] = method
        return method

    def get_paginator(self, operation: str) -> Any:
        """Return what asks for one page after the other."""

        def paginate(**given: Any) -> Iterator[Any]:
            more: dict[str, Any] = {}
            while True:
                page = self._call(operation, given | more)
                yield page
                if "nextToken" not in page:
                    return
                more = {"nextToken": page["nextToken"]}

        return SimpleNamespace(paginate=paginate)

    def _call(self, operation: str, given: Mapping[str, Any]) -> Any:
        world = self._world
        if operation == "transact_write_items":
            given = {"ClientRequestToken": world.token(), **given}
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._try(operation, given)
            except (ReadTimeoutError, ConnectionClosedError):
                if attempt == self._attempts:
                    raise
            except Refusal as refusal:
                if attempt == self._attempts or not (refusal.code in RETRIED or refusal.status >= 500):
                    raise self._error(operation, refusal) from None
            else:
                return answer
            world.loop.block(world.random.random() * 2 ** (attempt - 1))
        raise AssertionError

    def _try(self, operation: str, given: Mapping[str, Any]) -> Any:
        """Make one attempt: the request travels, takes effect, and the answer travels; or one of these does not."""
        world, loop = self._world, self._world.loop
        process = loop.current
        fault = world.ambush(process, self._service, operation)
        kind = fault.kind if fault else ""
        loop.block(0.002 + world.random.random() * 0.02)
        if fault:
            self._on_the_way(process, fault, operation)
        try:
            self._refuse(kind, operation, given)
            answer = self._answer(operation, given, has_failures=kind == "failed_entry")
        except Refusal as refusal:
            world.note(process, self._service, operation, given, refusal.code)
            raise
        world.note(process, self._service, operation, given, "")
        if kind == "killed_after_call":
            loop.end(process)
        if kind == "lost_answer":
            self._wait_in_vain(operation)
        if fault and kind == "slow" and fault.seconds >= self._patience:
            loop.block(0.1)
            raise ReadTimeoutError(endpoint_url=f"simulated {operation}")
        if operation != "receive_message":
            loop.block(0.002 + world.random.random() * 0.02)
        return answer

    def _on_the_way(self, process: Process, fault: Fault, operation: str) -> None:
        """Let a fault hit the request before it has taken effect."""
        loop = self._world.loop
        match fault.kind:
            case "stalled":
                self._world.on_trouble(process.name)
                loop.stall(process, fault.seconds)
            case "killed_before_call":
                loop.end(process)
            case "slow":
                # A client waits no longer than it is patient: what takes effect after that, it does not hear of.
                loop.block(min(fault.seconds, self._patience - 0.1))
            case "lost_request":
                self._wait_in_vain(operation)

    def _refuse(self, kind: str, operation: str, given: Mapping[str, Any]) -> None:
        if self._world.is_down(self._service):
            self._world.cover("outage")
            raise Refusal("ServiceUnavailable", 503)
        if self._world.is_down("kms") and operation in ENCRYPTED.get(self._service, ()):
            self._world.cover("outage")
            raise Refusal(WITHOUT_KEY[self._service])
        if kind == "refused":
            raise Refusal("ServiceUnavailable", 503)
        if kind == "throttled":
            raise Refusal(THROTTLED[self._service])
        if kind == "conflict":
            raise _conflict(given)

    def _wait_in_vain(self, operation: str) -> None:
        world = self._world
        if world.random.random() < 0.5:
            world.loop.block(0.05)
            raise ConnectionClosedError(endpoint_url=f"simulated {operation}")
        world.loop.block(self._patience)
        raise ReadTimeoutError(endpoint_url=f"simulated {operation}")

    def _answer(self, operation: str, given: Mapping[str, Any], *, has_failures: bool) -> Any:
        if self._service == "sqs" and operation == "receive_message":
            return self._receive(given)
        if not has_failures:
            return self._model.call(operation, given)
        chance = self._world.random
        self._model.fails_entry = lambda: chance.choice([None, True, False])
        try:
            return self._model.call(operation, given)
        finally:
            self._model.fails_entry = lambda: None

    def _receive(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Poll: a FIFO queue or a standard one, until there is something, or the time is over."""
        world, queue = self._world, self._model.queues[given["QueueUrl"]]
        until = world.loop.time() + given.get("WaitTimeSeconds", 0)
        while True:
            found = queue.receive(
                given.get("MaxNumberOfMessages", 1),
                given.get("VisibilityTimeout"),
                given.get("ReceiveRequestAttemptId", ""),
            )
            for each in found:
                each.receiver = world.loop.current.name
            left = until - world.loop.time()
            if found or left <= 0:
                return {"Messages": [as_received(each) for each in found]} if found else {}
            world.loop.block(min(left, max(queue.next_visible_at() - world.now(), 0.001)), queue.signal)
            if world.is_down("sqs"):
                raise Refusal("ServiceUnavailable", 503)

    def _error(self, operation: str, refusal: Refusal) -> ClientError:
        response: Any = {
            "Error": {"Code": refusal.code, "Message": refusal.more.get("message", "")},
            "ResponseMetadata": {"HTTPStatusCode": refusal.status},
            **{name: value for name, value in refusal.more.items() if name != "message"},
        }
        return getattr(self.exceptions, refusal.code)(response, operation)


def _conflict(given: Mapping[str, Any]) -> Refusal:
    """Return what DynamoDB answers where another transaction is under way on one of the items."""
    reasons = [{"Code": "TransactionConflict"}] + [{"Code": "None"}] * (len(given["TransactItems"]) - 1)
    return Refusal("TransactionCanceledException", CancellationReasons=reasons)


class Session:
    """``boto3.Session``."""

    def __init__(self, world: Ground) -> None:
        self._world = world

    def client(self, service: str, *, config: Config | None = None, **_: Any) -> Client:
        return Client(self._world, service, config or Config())
