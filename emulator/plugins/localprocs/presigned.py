"""Presigned addresses of S3 expire by the clock of all: LocalStack only warns of it, and may not be told otherwise.

It would then check signatures, too, and knows the secrets of users, but not of sessions.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localstack.runtime import hooks

LONGEST_SECONDS = 604_800


class InvalidTerm(Exception):
    """The address names no time for which AWS would let it be good; the text is AWS's."""


def end_of(query: Mapping[str, str]) -> float | None:
    """Return when an address stops being good, in epoch seconds; None for a request that is not presigned.

    Raises:
        InvalidTerm: for longer than a week, or for no number of seconds.
    """
    if "X-Amz-Signature" in query and "X-Amz-Expires" in query:
        begin = datetime.strptime(query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        return begin + _term(query["X-Amz-Expires"])
    if {"AWSAccessKeyId", "Signature", "Expires"} <= set(query):
        return float(query["Expires"])
    return None


def _term(text: str) -> int:
    if not text.lstrip("-").isdecimal():
        raise InvalidTerm("X-Amz-Expires should be a number")
    seconds = int(text)
    if seconds < 0:
        raise InvalidTerm("X-Amz-Expires must be non-negative")
    if seconds > LONGEST_SECONDS:
        raise InvalidTerm(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds"
        )
    return seconds


def refuse_expired(_chain: Any, context: Any, _response: Any) -> None:
    """Answer as S3 does where an address is not good any more.

    Raises:
        ServiceException: AWS's own, with its times.
    """
    if not context.request.args or not context.service or context.service.service_name != "s3":
        return
    from localstack.aws.api.s3 import AccessDenied, AuthorizationQueryParametersError  # noqa: PLC0415 - as few need it

    try:
        end = end_of(context.request.args)
    except InvalidTerm as error:
        raise AuthorizationQueryParametersError(str(error)) from None
    except ValueError:
        return  # LocalStack refuses it
    now = time.time()
    if end is not None and end < now:
        raise AccessDenied("Request has expired", Expires=end, ServerTime=now)


@hooks.on_infra_start()
def let_addresses_expire() -> None:
    """Look at each from now on."""
    from localstack.aws.handlers import serve_custom_service_request_handlers  # noqa: PLC0415 - the start needs none

    serve_custom_service_request_handlers.append(refuse_expired)
