"""How much has happened: for whoever shows the cloud and would look again only when there is something to see.

``GET /_emulator/changes`` answers ``{"changes": n}``: calls that may have changed something, since the start.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from localstack.http import Request, Response
from localstack.runtime import hooks

_LOOKING = ("Get", "List", "Describe", "Head", "Scan", "Query", "BatchGet", "Filter")
_FAILED = 400
_numbers = itertools.count(1)
_changes = 0


def note(_chain: Any, context: Any, response: Any) -> None:
    """Count a call that has changed something."""
    global _changes  # noqa: PLW0603 - one number a process
    if context.operation and is_change(context.operation.name, response.status_code, context.service_response or {}):
        _changes = next(_numbers)


def is_change(operation: str, status: int, answer: Mapping[str, Any]) -> bool:
    """Whether a call may have changed something: not one that only looks, that failed, or that waited for nothing."""
    if operation.startswith(_LOOKING) or status >= _FAILED:
        return False
    return operation != "ReceiveMessage" or bool(answer.get("Messages"))


def _answer(_request: Request) -> Response:
    return Response.for_json({"changes": _changes})


@hooks.on_infra_start()
def count_changes() -> None:
    """Count from now on."""
    from localstack.aws.handlers import run_custom_response_handlers  # noqa: PLC0415 - the start needs none of it
    from localstack.services.edge import ROUTER  # noqa: PLC0415 - as above

    run_custom_response_handlers.append(note)
    ROUTER.add("/_emulator/changes", _answer, methods=["GET"])
