"""Media files, whole or in ranges."""

import asyncio
import re
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fake_onlyfans.accounts import Account
from fake_onlyfans.media import Media
from fake_onlyfans.pages.access import api
from fake_onlyfans.site import site_of

ENDLESS = "endless"
"""The file of this name never ends, and says no length."""


class Unsatisfiable(ValueError):
    """No byte of the file lies in the range."""


@api
async def media(request: Request, account: Account) -> Response:  # noqa: ARG001 any account may see any file
    """Answer with a file, or with the one range that was asked for."""
    name = request.path_params["name"]
    if name == ENDLESS:
        return StreamingResponse(_for_ever(), media_type="application/octet-stream")
    file = site_of(request.scope).media.get(name)
    if file is None:
        raise HTTPException(404)
    headers = {"accept-ranges": "bytes", "etag": f'"{file.key}"', "cache-control": "private"}
    asked = request.headers.get("range")
    if request.headers.get("if-range", headers["etag"]) != headers["etag"]:
        asked = None
    try:
        span = byte_range(asked, file.size) if asked else None
    except Unsatisfiable:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{file.size}"})
    start, stop = span or (0, file.size)
    headers["content-length"] = str(stop - start)
    if span:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{file.size}"
    body = _chunks(file, start, stop) if request.method == "GET" else _nothing()
    return StreamingResponse(body, 206 if span else 200, headers, file.content_type)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Read a Range header (RFC 9110, 14.1): start and stop, or None where it is to be ignored.

    Several ranges, other units and nonsense are ignored.

    Raises:
        Unsatisfiable: the range holds none of the file's bytes.
    """
    found = re.fullmatch(r"bytes=\s*(\d*)-(\d*)\s*", header, re.ASCII)
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable(header)
    return start, stop


async def _chunks(file: Media, start: int, stop: int) -> AsyncIterator[bytes]:
    for block in file.read(start, stop):
        yield block


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _for_ever() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0)
        yield bytes(64 * 1024)


routes = [Route("/media/{name:path}", media)]
