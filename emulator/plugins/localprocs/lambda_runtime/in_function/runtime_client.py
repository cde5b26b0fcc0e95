"""What AWS's runtime client (awslambdaric) asks the Runtime API with; it runs inside the function's process.

AWS's own is made of curl, which wakes each second of a wait for the next invocation: on an idle emulator's clock nobody
else waits for so short a time. This one sleeps.
"""

import http.client
import os
from typing import Any

PREFIX = "/2018-06-01/runtime/invocation"
DEADLINE = "Lambda-Runtime-Deadline-Ms"
_headers: dict[str, str] = {}
_connection: http.client.HTTPConnection | None = None


def initialize_client(user_agent: str) -> None:
    """Say who asks."""
    _headers["User-Agent"] = user_agent


def next() -> tuple[bytes, dict[str, Any]]:  # noqa: A001 - awslambdaric's name
    """Wait for an invocation; return its payload and headers, of which the deadline is a number."""
    body, headers = _ask("GET", f"{PREFIX}/next", None, {})
    return body, {**headers, DEADLINE: int(headers[DEADLINE])}


def post_invocation_result(request_id: str, payload: bytes, content_type: str, *_: Any) -> None:
    """Tell a result."""
    _ask("POST", f"{PREFIX}/{request_id}/response", payload, {"Content-Type": content_type})


def post_error(request_id: str, error: str, xray_fault: str, *_: Any) -> None:
    """Tell that the handler failed."""
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault}
    _ask("POST", f"{PREFIX}/{request_id}/error", error.encode(), headers)


def _ask(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    global _connection  # noqa: PLW0603 - the module is the client, as AWS's is
    if _connection is None:
        _connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        _connection.request(method, path, body, _headers | headers)
        answer = _connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(f"the Runtime API cannot be asked: {error!r}") from None
    if answer.status // 100 != 2:  # noqa: PLR2004 - any success
        raise RuntimeError(f"the Runtime API answers {answer.status} to {method} {path}")
    return content, dict(answer.headers)
