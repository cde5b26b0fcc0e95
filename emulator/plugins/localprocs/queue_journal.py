"""Every message that a queue accepted, and what became of it: for invariants that take no word but the queue's.

``GET /_emulator/sqs/journal?queue=NAME`` answers ``{"messages": [...], "count": n}`` in the order of sending, times in
seconds since the epoch. ``DELETE`` forgets. Which are meant, all of them or less:

- ``held=1``: what the queue still has; ``message=A,B``, ``deduplication=A,B``: those with one of these ids;
- ``until=N``: those before number N, where numbers begin with 0, or, if N is negative, all but the newest -N;
- of all that are left, which ``count`` counts, ``last=N``: the newest N; ``first=N``: the oldest N.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.services.sqs.models import FifoQueue, SqsMessage, SqsQueue, StandardQueue
from localstack.utils.patch import patch

from localprocs import redeliveries

_accepted: defaultdict[str, list[SqsMessage]] = defaultdict(list)
_lock = threading.Lock()


@hooks.on_infra_start()
def keep_journal() -> None:
    """Note each message from now on."""
    for kind in (StandardQueue, FifoQueue):

        @patch(kind.put)
        def _put(original: Callable[..., SqsMessage], self: SqsQueue, *arguments: Any, **named: Any) -> SqsMessage:
            message = original(self, *arguments, **named)
            # A FIFO queue returns a duplicate without keeping it.
            if not isinstance(self, FifoQueue) or self.deduplication[message.message_deduplication_id] is message:
                with _lock:
                    _accepted[self.name].append(message)
            return message

    ROUTER.add("/_emulator/sqs/journal", _answer, methods=["GET", "DELETE"])
    ROUTER.add("/_emulator/sqs/redeliveries", redeliveries.serve, methods=["POST"])


def _answer(request: Request) -> Response:
    with _lock:
        if request.method == "DELETE":
            _accepted.clear()
            return Response.for_json({})
        accepted = list(enumerate(_accepted.get(request.args.get("queue", ""), ())))
    some, count = chosen(accepted, request.args)
    return Response.for_json({"messages": [_describe(*it) for it in some], "count": count})


def chosen(
    messages: list[tuple[int, SqsMessage]], asked: Mapping[str, str]
) -> tuple[list[tuple[int, SqsMessage]], int]:
    """Return which of a queue's numbered messages are meant, and how many were before ``first`` and ``last``."""
    if until := _number(asked.get("until")):
        messages = messages[:until]
    if asked.get("held") == "1":
        messages = [it for it in messages if not it[1].deleted]
    for name, read in _IDS.items():
        if ids := frozenset(filter(None, asked.get(name, "").split(","))):
            messages = [it for it in messages if read(it[1]) in ids]
    first, last = _number(asked.get("first")), _number(asked.get("last"))
    some = messages[-last:] if last else messages
    return some[:first] if first else some, len(messages)


_IDS: dict[str, Callable[[SqsMessage], str | None]] = {
    "message": lambda it: it.message_id,
    "deduplication": lambda it: it.message_deduplication_id,
}


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0


def _describe(number: int, message: SqsMessage) -> dict[str, Any]:
    return {
        "number": number,
        "message_id": message.message_id,
        "group_id": message.message_group_id,
        "deduplication_id": message.message_deduplication_id,
        "body": message.message["Body"],
        "attributes": {
            name: it.get("StringValue") for name, it in (message.message.get("MessageAttributes") or {}).items()
        },
        "sent": message.created,
        "receive_count": message.receive_count,
        "first_received": message.first_received,
        "deleted": message.deleted,
        "hidden_until": message.visibility_deadline,
    }
