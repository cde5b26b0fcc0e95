"""What every request costs LocalStack's gateway for nothing, spared.

A request's headers are asked for about fifty names, and werkzeug lowers all of them each time and raises where there is
none; the type of an answer is negotiated anew each time, and there are a handful.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from localstack.aws.handlers.internal import LocalstackResourceHandler
from localstack.aws.protocol.serializer import ResponseSerializer
from localstack.constants import INTERNAL_RESOURCE_PATH
from localstack.services.edge import ROUTER
from rolo.gateway.handlers import RouterHandler
from werkzeug.datastructures import Headers

OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "localhost.localstack.cloud"})
"""Where calls of AWS's APIs are made; what is served to others has a host of its own."""

_get = Headers.get
_contains = Headers.__contains__
_get_key = Headers._get_key  # noqa: SLF001 - what the others lead to
_serve_pages = LocalstackResourceHandler.__call__
_serve_routes = RouterHandler.__call__
_mime_type = ResponseSerializer._get_mime_type  # noqa: SLF001 - the one place where it is decided


def install() -> None:
    """Spare it from now on."""
    Headers.get = get
    Headers.__contains__ = contains
    Headers._get_key = get_key  # noqa: SLF001
    ResponseSerializer._get_mime_type = mime_type  # noqa: SLF001
    LocalstackResourceHandler.__call__ = serve_pages
    RouterHandler.__call__ = serve_routes


def find(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the value of a header, whatever its case; only names of its length can be it."""
    lowered, length = name.lower(), len(name)
    for each, value in headers:
        if len(each) == length and each.lower() == lowered:
            return value
    return None


def get(headers: Headers, key: str, default: Any = None, type: Any = None) -> Any:  # noqa: A002 - werkzeug's name
    """Return a header's value, or the default."""
    if type is not None or headers.__class__ is not Headers:
        return _get(headers, key, default, type)
    found = find(headers._list, key)  # noqa: SLF001
    return default if found is None else found


def contains(headers: Headers, key: str) -> bool:
    """Whether there is such a header."""
    if headers.__class__ is not Headers:
        return _contains(headers, key)
    return find(headers._list, key) is not None  # noqa: SLF001


def get_key(headers: Headers, key: str) -> str:
    """Return a header's value.

    Raises:
        BadRequestKeyError: there is none.
    """
    found = find(headers._list, key)  # noqa: SLF001
    return _get_key(headers, key) if found is None else found


def mime_type(serializer: Any, headers: Any) -> str:
    """Return the type that the answer to a request with such headers has."""
    told = headers or {}
    return _negotiated(serializer.__class__, told.get("Accept"), told.get("Content-Type"))


def serve_pages(handler: Any, chain: Any, context: Any, response: Any) -> None:
    """Answer at LocalStack's own addresses."""
    if context.request.path.startswith(INTERNAL_RESOURCE_PATH):
        _serve_pages(handler, chain, context, response)


def serve_routes(handler: Any, chain: Any, context: Any, response: Any) -> None:
    """Answer at the addresses that services have added."""
    headers = context.request.headers
    is_call = "X-Amz-Target" in headers and context.request.path == "/"
    if handler.router is ROUTER and is_call and headers.get("Host", "").partition(":")[0] in OWN_HOSTS:
        return
    _serve_routes(handler, chain, context, response)


@lru_cache(maxsize=256)
def _negotiated(kind: Any, accept: str | None, content_type: str | None) -> str:
    told = {name: value for name, value in (("Accept", accept), ("Content-Type", content_type)) if value is not None}
    found: str = _mime_type(kind.__new__(kind), told)
    return found
