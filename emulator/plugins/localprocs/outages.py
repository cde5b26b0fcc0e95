"""Services that fail for a while, for whoever calls them with a role's credentials: what happens when a store is down.

``POST /_emulator/outages {"service": "dynamodb", "kind": "error" | "hang", "seconds": 30}`` begins one; ``DELETE`` ends
them all. A hanging service answers nothing until the outage is over, and then with an error. Seconds are the clock's.
"""

import json
import threading
import time
from typing import Any

from localstack.http import Request, Response
from localstack.runtime import hooks

KINDS = ("error", "hang")
LONGEST_SECONDS = 24 * 3600
SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs", "cloudwatch")


class InvalidOutage(Exception):
    """The request names no outage; the text says what would be one."""


class Outages:
    """The outages in force, as a handler of LocalStack's chain and a route."""

    def __init__(self) -> None:
        """Begin without any."""
        self._changed = threading.Condition()
        self._ends: dict[str, tuple[str, float]] = {}

    def __call__(self, _chain: Any, context: Any, _response: Any) -> None:
        """Fail the call of a role (their keys' ids hold ``SIA``) to a service that is down."""
        if not self._ends or "SIA" not in context.request.headers.get("Authorization", "")[:60]:
            return
        service = context.service.service_name.split("-query")[0] if context.service else ""
        with self._changed:
            found = self._in_force(service)
            if found is None:
                return
            if found == "hang":
                self._changed.wait_for(lambda: self._in_force(service) is None, self._seconds_left(service))
        from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - the start needs none of it

        raise CommonServiceException("ServiceUnavailable", f"{service} is down", status_code=503)

    def serve(self, request: Request) -> Response:
        """Begin an outage, end all, or list those in force."""
        try:
            if request.method == "POST":
                self._begin(request.get_data())
        except InvalidOutage as error:
            return Response.for_json({"error": str(error)}, status=400)
        with self._changed:
            if request.method == "DELETE":
                self._ends.clear()
                self._changed.notify_all()
            now = time.time()
            listed = [
                {"service": service, "kind": kind, "seconds_left": end - now}
                for service, (kind, end) in self._ends.items()
                if end > now
            ]
        return Response.for_json({"outages": listed})

    def _begin(self, body: bytes) -> None:
        try:
            asked = json.loads(body)
            service, kind, seconds = asked["service"], asked["kind"], float(asked["seconds"])
        except (ValueError, TypeError, KeyError):
            raise InvalidOutage('give {"service", "kind", "seconds"}') from None
        if service not in SERVICES or kind not in KINDS or not 0 < seconds <= LONGEST_SECONDS:
            raise InvalidOutage(f"service: {SERVICES}; kind: {KINDS}; seconds: above 0, up to {LONGEST_SECONDS}")
        with self._changed:
            self._ends[service] = (kind, time.time() + seconds)

    def _in_force(self, service: str) -> str | None:
        kind, end = self._ends.get(service, ("", 0.0))
        return kind if end > time.time() else None

    def _seconds_left(self, service: str) -> float:
        return max(0.0, self._ends.get(service, ("", 0.0))[1] - time.time())


@hooks.on_infra_start()
def allow_outages() -> None:
    """Listen, before roles are checked."""
    from localstack.aws.handlers import serve_custom_service_request_handlers  # noqa: PLC0415 - see above
    from localstack.services.edge import ROUTER  # noqa: PLC0415

    outages = Outages()
    serve_custom_service_request_handlers.append(outages)
    ROUTER.add("/_emulator/outages", outages.serve, methods=["GET", "POST", "DELETE"])
