"""Services that fail for a while, for whoever calls them with a role's credentials: what happens when a store is down.

``POST /_emulator/outages {"service": "dynamodb", "kind": "error" | "throttle" | "hang", "seconds": 30}`` begins one;
``DELETE`` ends them all; ``GET`` lists them, each with how many calls it ``refused``. A hanging service answers nothing
until the outage is over, and then with an error; one that throttles answers as AWS does to whoever asks too often. Seconds
are the clock's.
"""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from localstack.http import Request, Response
from localstack.runtime import hooks

KINDS = ("error", "throttle", "hang")
LONGEST_SECONDS = 24 * 3600
SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs", "cloudwatch")


class InvalidOutage(Exception):
    """The request names no outage; the text says what would be one."""


@dataclass
class Outage:
    """One service's outage."""

    kind: str
    end: float
    refused: int = 0
    """How many calls it met."""

    @property
    def seconds_left(self) -> float:
        """How long it lasts yet; 0 where it is over."""
        return max(0.0, self.end - time.time())


class Outages:
    """The outages in force, as a handler of LocalStack's chain and a route."""

    def __init__(self) -> None:
        """Begin without any."""
        self._changed = threading.Condition()
        self._outages: dict[str, Outage] = {}

    def __call__(self, _chain: Any, context: Any, _response: Any) -> None:
        """Fail the call of a role (their keys' ids hold ``SIA``) to a service that is down."""
        if not self._outages or "SIA" not in context.request.headers.get("Authorization", "")[:60]:
            return
        service = context.service.service_name.split("-query")[0] if context.service else ""
        with self._changed:
            outage = self._outages.get(service)
            if outage is None or not outage.seconds_left:
                return
            outage.refused += 1
            if outage.kind == "hang":
                self._changed.wait_for(lambda: self._outages.get(service) is not outage, outage.seconds_left)
        from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - the start needs none of it

        if outage.kind == "throttle":
            code, status = ("SlowDown", 503) if service == "s3" else ("ThrottlingException", 400)
            raise CommonServiceException(code, "Rate exceeded", status_code=status)
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
                self._outages.clear()
                self._changed.notify_all()
            listed = [
                {"service": service, "kind": it.kind, "seconds_left": it.seconds_left, "refused": it.refused}
                for service, it in self._outages.items()
                if it.seconds_left
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
            self._outages[service] = Outage(kind, time.time() + seconds)


@hooks.on_infra_start()
def allow_outages() -> None:
    """Listen, before roles are checked."""
    from localstack.aws.handlers import serve_custom_service_request_handlers  # noqa: PLC0415 - see above
    from localstack.services.edge import ROUTER  # noqa: PLC0415

    outages = Outages()
    serve_custom_service_request_handlers.append(outages)
    ROUTER.add("/_emulator/outages", outages.serve, methods=["GET", "POST", "DELETE"])
