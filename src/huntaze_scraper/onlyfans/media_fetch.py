"""Fetches one media file, from the address that was checked, piece by piece."""

import hashlib
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin

import urllib3

from huntaze_scraper.errors import NoAnswer, Refused, SiteError, TryAgainLonger
from huntaze_scraper.onlyfans import classification
from huntaze_scraper.onlyfans.keeping import Upload
from huntaze_scraper.onlyfans.media_hosts import MediaHosts, Target

PIECE_BYTES = 256 * 1024
MOST_REDIRECTS = 3
LONGEST_SECONDS = 900.0

_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")

type Headers = Callable[[str], Mapping[str, str]]


class Stopped(Exception):
    """Nobody waits for the file any more."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was kept."""

    uri: str
    size: int
    content_type: str
    sha256: str


class MediaFetch:
    """Fetches files; its methods block and are meant for a thread."""

    def __init__(self, hosts: MediaHosts, most_bytes: int) -> None:
        """Fetch only from ``hosts``, and no file above ``most_bytes``."""
        self._hosts = hosts
        self._most_bytes = most_bytes

    def fetch(
        self,
        url: str,
        base: str,
        headers: Headers,
        begin: Callable[[str], Upload],
        seconds: float,
        stop: threading.Event,
    ) -> Fetched:
        """Fetch a file into an upload.

        Args:
            url: where it lies.
            base: what a relative address is relative to.
            headers: gives the headers for an address, such as the session's cookies.
            begin: begins the upload of a content type.
            seconds: how long the host may be silent.
            stop: set when nobody waits any more.

        Raises:
            Refused: an address off the list, or a file too large.
            SiteError: the class of what else happened.
        """
        for _ in range(MOST_REDIRECTS + 1):
            target = self._hosts.pin(self._hosts.target(url, base))
            request = f"GET {target.host}{target.path.partition('?')[0]}"
            with _answer(target, headers(f"{target.origin}{target.path}"), seconds) as response:
                named = {name.lower(): text for name, text in response.headers.items()}
                error = classification.of_status(response.status, named, request, time.time())
                if error:
                    raise error
                location = response.headers.get("Location")
                if response.status < HTTPStatus.MULTIPLE_CHOICES:
                    return self._keep(response, begin, stop)
                if not location:
                    raise Refused("the media host sends nothing", status=response.status, request=request)
                url, base = location, urljoin(f"{target.origin}/", target.path)
        raise Refused("the media host redirects too often", request=request)

    def _keep(
        self, response: urllib3.BaseHTTPResponse, begin: Callable[[str], Upload], stop: threading.Event
    ) -> Fetched:
        self._check(_length(response))
        content_type = _content_type(response)
        upload, digest, size = begin(content_type), hashlib.sha256(), 0
        until = time.monotonic() + LONGEST_SECONDS
        try:
            for piece in response.stream(PIECE_BYTES, decode_content=False):
                _check_time(until, stop)
                size += len(piece)
                self._check(size)
                digest.update(piece)
                upload.write(piece)
            uri = upload.finish()
        except BaseException:
            upload.abort()
            raise
        return Fetched(uri, size, content_type, digest.hexdigest())

    def _check(self, size: int) -> None:
        if size > self._most_bytes:
            raise Refused(f"the file is larger than {self._most_bytes} bytes", request="GET media")


def _check_time(until: float, stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped
    if time.monotonic() > until:
        raise NoAnswer("the file does not end", request="GET media")


def _length(response: urllib3.BaseHTTPResponse) -> int:
    text = response.headers.get("Content-Length") or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _content_type(response: urllib3.BaseHTTPResponse) -> str:
    text = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return text if _CONTENT_TYPE.fullmatch(text) else "application/octet-stream"


@contextmanager
def _answer(target: Target, headers: Mapping[str, str], seconds: float) -> Iterator[urllib3.BaseHTTPResponse]:
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
    try:
        response = pool.urlopen(
            "GET",
            target.path,
            headers={"Host": _host(target), "Accept-Encoding": "identity", **headers},
            preload_content=False,
            redirect=False,
            retries=False,
        )
        try:
            yield response
        finally:
            response.close()
    except urllib3.exceptions.HTTPError as error:
        raise _ours(error) from None
    finally:
        pool.close()


def _ours(error: urllib3.exceptions.HTTPError) -> SiteError:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return NoAnswer("no answer in time", request="GET media")
    return TryAgainLonger(f"no whole answer: {type(error).__name__}", request="GET media")


def _host(target: Target) -> str:
    is_usual = target.port == {"http": 80, "https": 443}[target.scheme]
    return target.host if is_usual else f"{target.host}:{target.port}"
