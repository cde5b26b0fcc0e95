"""Fetches one media file, from the address that was checked, piece by piece; what came is what was meant, or an error."""

import hashlib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Any
from urllib.parse import urljoin

import urllib3

from huntaze_scraper.errors import NoAnswer, Refused, SignInAgain, TryAgain, TryAgainLonger
from huntaze_scraper.onlyfans import classification, media_kinds
from huntaze_scraper.onlyfans.keeping import Upload
from huntaze_scraper.onlyfans.line import Line, Stopped
from huntaze_scraper.onlyfans.media_hosts import MediaHosts, Target
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.onlyfans.witness import witnessed

PIECE_BYTES = 256 * 1024
MOST_REDIRECTS = 3
LONGEST_SECONDS = 900.0
"""Of one file, its upload with it."""

_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")

type Headers = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was kept."""

    uri: str
    size: int
    content_type: str
    sha256: str


class MediaFetch:
    """Fetches files; ``fetch`` blocks and is meant for a thread."""

    def __init__(self, hosts: MediaHosts, most_bytes: int) -> None:
        """Fetch only from ``hosts``, and no file above ``most_bytes``."""
        self._hosts = hosts
        self._most_bytes = most_bytes

    def target(self, url: str, site: Site) -> Target:
        """Read a file's address, relative to the site's. Raises Refused: it is not on the list, or none at all."""
        return self._hosts.target(url, site.base)

    def fetch(
        self, target: Target, site: Site, headers: Headers, begin: Callable[[str], Upload], seconds: float, line: Line
    ) -> Fetched:
        """Fetch a file into an upload.

        Args:
            target: where it lies.
            site: whose log-in page is known.
            headers: gives the headers for an address, such as the session's cookies.
            begin: begins the upload of a content type.
            seconds: how long the host may be silent.
            line: watched, and cut when nobody waits any more.

        Raises:
            Refused: an address off the list, a file too large, or none that is what it claims to be.
            SiteError: the class of what else happened.
        """
        for _ in range(MOST_REDIRECTS + 1):
            with line.waiting():
                pinned = self._hosts.pin(target)
            request = f"GET {target.host}{target.path.partition('?')[0]}"
            with (
                witnessed("GET /media/{file}") as asked,
                _answer(pinned, headers(target.url), seconds, line, request) as response,
            ):
                named = {name.lower(): text for name, text in response.headers.items()}
                asked.answered(response.status, named, asked.milliseconds)
                location = _judge(response, request)
                if location is None:
                    kept = self._keep(response, begin, line, request)
                    asked.received_bytes = kept.size
                    return kept
            if site.is_login(_absolute(target.url, location)):
                raise SignInAgain("the site wants a log-in", status=response.status, request=request)
            target = self._hosts.target(location, target.url)
        raise Refused("the media host redirects too often", request=request)

    def _keep(
        self, response: urllib3.BaseHTTPResponse, begin: Callable[[str], Upload], line: Line, request: str
    ) -> Fetched:
        self._check(_length(response, request))
        pieces = _pieces(response, line)
        beginning, claimed = _beginning(pieces), _content_type(response)
        if not beginning:
            raise TryAgainLonger("the media host sends an empty file", status=response.status, request=request)
        kind = media_kinds.judge(claimed, beginning, request)
        upload, digest, size = begin(kind), hashlib.sha256(), 0
        try:
            for piece in chain((beginning,), pieces):
                size += len(piece)
                self._check(size)
                digest.update(piece)
                upload.write(piece)
            uri = upload.finish()
        except BaseException:
            upload.abort()
            raise
        return Fetched(uri, size, kind, digest.hexdigest())

    def _check(self, size: int) -> None:
        if size > self._most_bytes:
            raise Refused(f"the file is larger than {self._most_bytes} bytes", request="GET media")


def _judge(response: urllib3.BaseHTTPResponse, request: str) -> str | None:
    """Return where the host sends us, None where the file comes.

    Raises:
        SiteError: neither.
    """
    status = response.status
    headers = {name.lower(): text for name, text in response.headers.items()}
    error = classification.of_status(status, headers, request, time.time())
    if error:
        raise error
    if status >= HTTPStatus.MULTIPLE_CHOICES and headers.get("location"):
        return headers["location"]
    if status == HTTPStatus.ACCEPTED:
        raise TryAgain("the media host does not have the file yet", status=status, request=request)
    if status == HTTPStatus.PARTIAL_CONTENT:
        raise TryAgainLonger("the media host sends a part that was not asked for", status=status, request=request)
    if status != HTTPStatus.OK:
        raise Refused("the media host sends nothing", status=status, request=request)
    encodings = [each.strip().lower() for each in headers.get("content-encoding", "").split(",")]
    if not set(encodings) <= {"", "identity", *urllib3.response.HTTPResponse.CONTENT_DECODERS}:
        raise Refused("the file comes in an encoding that nobody asked for", status=status, request=request)
    return None


def _pieces(response: urllib3.BaseHTTPResponse, line: Line) -> Iterator[bytes]:
    """Yield what comes, as it comes and without its encoding."""
    until = time.monotonic() + LONGEST_SECONDS
    while True:
        with line.waiting():
            piece = response.read1(PIECE_BYTES, decode_content=True)
        if not piece:
            return
        if time.monotonic() > until:
            raise NoAnswer("the file does not end", request="GET media")
        line.got(len(piece))
        yield piece


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """Take as much as it takes to know what comes."""
    beginning = b""
    for piece in pieces:
        beginning += piece
        enough = media_kinds.BEGINNING_BYTES if media_kinds.kind_of(beginning) else media_kinds.MARKUP_BYTES
        if len(beginning) >= enough:
            break
    return beginning


def _length(response: urllib3.BaseHTTPResponse, request: str) -> int:
    text = response.headers.get("Content-Length", "0")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise TryAgainLonger("the media host announces a length that is none", request=request)
    return int(text)


def _content_type(response: urllib3.BaseHTTPResponse) -> str:
    text = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return text if not text or _CONTENT_TYPE.fullmatch(text) else "something unnamed"


def _absolute(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        return ""


@contextmanager
def _answer(
    target: Target, headers: Mapping[str, str], seconds: float, line: Line, request: str
) -> Iterator[urllib3.BaseHTTPResponse]:
    timeout = urllib3.Timeout(connect=seconds, read=seconds)
    pool: urllib3.HTTPConnectionPool
    if target.scheme == "https":
        # The connection goes to the pinned address; certificate and greeting are the name's.
        pool = urllib3.HTTPSConnectionPool(
            target.address,
            target.port,
            timeout=timeout,
            server_hostname=target.host,
            assert_hostname=target.host,
            ssl_context=ssl.create_default_context(),
        )
    else:
        pool = urllib3.HTTPConnectionPool(target.address, target.port, timeout=timeout)
    pool.ConnectionCls = _watched(pool.ConnectionCls, line)
    response = None
    try:
        # Cut off in the middle of its headers, an answer may look whole.
        with line.waiting():
            response = pool.urlopen(
                "GET",
                target.path,
                headers={"Host": target.netloc, "Accept-Encoding": "identity", **headers},
                preload_content=False,
                redirect=False,
                retries=False,
            )
        yield response
    except urllib3.exceptions.HTTPError as error:
        raise _ours(error, line, request) from None
    except UnicodeError:
        raise Refused("the address cannot be asked for", request=request) from None
    finally:
        if response is not None:
            response.close()
        pool.close()


def _watched(connections: Any, line: Line) -> Any:
    """Return the class of connections that can be cut."""

    class Watched(connections):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            line.hold(self.sock)

    return Watched


def _ours(error: urllib3.exceptions.HTTPError, line: Line, request: str) -> Exception:
    if line.is_cut:
        return Stopped()
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return NoAnswer("no answer in time", request=request)
    if isinstance(error, urllib3.exceptions.LocationValueError):
        return Refused("the address cannot be asked for", request=request)
    if isinstance(error, urllib3.exceptions.DecodeError):
        return Refused("the file is not in the encoding that it claims", request=request)
    return TryAgainLonger(f"no whole answer: {type(error).__name__}", request=request)
