"""Every message that a queue accepted, and what became of it: for invariants that take no word but the queue's.

``GET /_emulator/sqs/journal?queue=NAME`` answers ``{"messages": [...]}`` in the order of sending, times in seconds since
the epoch; ``last=N`` only the newest N, ``held=1`` only what the queue still has. ``DELETE`` forgets.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
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
        messages = list(_accepted.get(request.args.get("queue", ""), ()))
    if request.args.get("held") == "1":
        messages = [it for it in messages if not it.deleted]
    last = request.args.get("last", "")
    newest = messages[-int(last) :] if last.isdecimal() and int(last) else messages
    return Response.for_json({"messages": [_describe(it) for it in newest]})


def _describe(message: SqsMessage) -> dict[str, Any]:
    return {
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
