"""Fetching media from a real server that misbehaves."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from huntaze_scraper.errors import (
    NoAnswer,
    PageBroken,
    Refused,
    SignInAgain,
    SlowDown,
    StoreUnavailable,
    TryAgain,
    TryAgainLonger,
)
from huntaze_scraper.onlyfans.cookies import Cookies
from huntaze_scraper.onlyfans.media_fetch import Fetched, MediaFetch, Stopped
from huntaze_scraper.onlyfans.media_hosts import MediaHosts
from tests.unit.worker.doubles import MemoryObjectStore, MemoryUpload

BODY = bytes(range(256)) * 5000
MOST = 2_000_000


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        name = self.path.strip("/").partition("?")[0]
        getattr(self, f"_{name}", self._status)(name)

    def _file(self, _: str) -> None:
        self._head(200, {"Content-Type": "image/JPEG; charset=x", "Content-Length": str(len(BODY))})
        self.wfile.write(BODY)

    def _short(self, _: str) -> None:
        self._head(200, {"Content-Length": str(len(BODY))})
        self.wfile.write(BODY[:100_000])
        self.close_connection = True

    def _large(self, _: str) -> None:
        self._head(200, {"Content-Length": str(MOST + 1)})

    def _endless(self, _: str) -> None:
        self._head(200, {"Connection": "close"})
        try:
            while True:
                self.wfile.write(BODY)
        except OSError:
            self.close_connection = True

    def _silent(self, _: str) -> None:
        self.server.released.wait(10)  # type: ignore[attr-defined]
        self.close_connection = True

    def _away(self, _: str) -> None:
        self._head(302, {"Location": "http://169.254.169.254/latest", "Content-Length": "0"})

    def _here(self, _: str) -> None:
        self._head(302, {"Location": "file", "Content-Length": "0"})

    def _round(self, _: str) -> None:
        self._head(302, {"Location": "/round", "Content-Length": "0"})

    def _nowhere(self, _: str) -> None:
        self._head(304, {"Content-Length": "0"})

    def _status(self, name: str) -> None:
        self._head(int(name), {"Content-Length": "0", "Retry-After": "9"})

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for header, text in headers.items():
            self.send_header(header, text)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Bench:
    server: ThreadingHTTPServer
    store: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    stop: threading.Event = field(default_factory=threading.Event)
    content_types: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def fetch(self, path: str, seconds: float = 5) -> Fetched:
        fetch = MediaFetch(MediaHosts.parse(self.base.removeprefix("http://")), MOST)
        cookies = Cookies([{"name": "sess", "value": "s", "domain": "127.0.0.1", "path": "/"}])
        return fetch.fetch(path, self.base, cookies.header, self._begin, seconds, self.stop)

    def _begin(self, content_type: str) -> MemoryUpload:
        self.content_types.append(content_type)
        return self.store.begin("key", content_type)


@pytest.fixture
def bench() -> Iterator[Bench]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen, server.released = [], threading.Event()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield Bench(server)
    server.released.set()
    server.shutdown()
    server.server_close()


def test_a_file_is_kept_with_what_is_to_be_known_of_it(bench: Bench) -> None:
    """Body, size, content type and SHA-256; the session's cookies went along."""
    fetched = bench.fetch("/file?sig=1")
    assert fetched == Fetched("s3://bucket/key", len(BODY), "image/jpeg", hashlib.sha256(BODY).hexdigest())
    assert bench.store.objects["key"] == (BODY, "image/jpeg")
    ((path, headers),) = bench.server.seen  # type: ignore[attr-defined]
    assert (path, headers["Cookie"], headers["Host"]) == ("/file?sig=1", "sess=s", bench.base.removeprefix("http://"))


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_a_file_above_the_limit_is_refused_and_nothing_of_it_kept(bench: Bench, path: str) -> None:
    """By its announced length, or when it gets there."""
    with pytest.raises(Refused, match="larger"):
        bench.fetch(path)
    assert bench.store.objects == {}
    assert all(upload.is_aborted for upload in bench.store.uploads)


def test_a_redirect_is_followed_only_within_the_list(bench: Bench) -> None:
    """A way off it is refused before a byte is asked for; in a circle it ends."""
    assert bench.fetch("/here").size == len(BODY)
    with pytest.raises(Refused, match=r"169\.254"):
        bench.fetch("/away")
    with pytest.raises(Refused, match="too often"):
        bench.fetch("/round")
    with pytest.raises(Refused, match="nothing"):
        bench.fetch("/nowhere")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/404", Refused),
        ("/403", Refused),
        ("/401", SignInAgain),
        ("/429", SlowDown),
        ("/500", TryAgain),
        ("/503", TryAgain),
    ],
)
def test_an_answer_has_its_class(bench: Bench, path: str, kind: type[Exception]) -> None:
    """As everywhere else at the site."""
    with pytest.raises(kind) as caught:
        bench.fetch(path)
    assert getattr(caught.value, "wait_seconds", 9) == 9


def test_a_file_that_breaks_off_is_tried_again(bench: Bench) -> None:
    """Half a file is not kept."""
    with pytest.raises(TryAgainLonger):
        bench.fetch("/short")
    assert bench.store.objects == {}


def test_a_silent_host_is_no_answer(bench: Bench) -> None:
    """Bounded by the attempt's patience."""
    with pytest.raises(NoAnswer):
        bench.fetch("/silent", seconds=0.2)


def test_a_store_that_fails_ends_the_fetch(bench: Bench) -> None:
    """And what was begun is aborted."""
    bench.store.is_down = True
    with pytest.raises(StoreUnavailable):
        bench.fetch("/file")
    assert all(upload.is_aborted for upload in bench.store.uploads)


def test_a_fetch_that_nobody_waits_for_ends(bench: Bench) -> None:
    """At the next piece."""
    bench.stop.set()
    with pytest.raises(Stopped):
        bench.fetch("/endless")


def test_cookies_go_only_where_the_browser_would_send_them() -> None:
    """Host-only, domain, path and secure."""
    cookies = Cookies(
        [
            {"name": "own", "value": "1", "domain": "onlyfans.com", "path": "/"},
            {"name": "all", "value": "2", "domain": ".onlyfans.com", "path": "/"},
            {"name": "deep", "value": "3", "domain": ".onlyfans.com", "path": "/media"},
            {"name": "safe", "value": "4", "domain": ".onlyfans.com", "path": "/", "secure": True},
        ]
    )
    assert cookies.header("https://onlyfans.com/media/x") == {"Cookie": "own=1; all=2; deep=3; safe=4"}
    assert cookies.header("http://cdn.onlyfans.com/mediax") == {"Cookie": "all=2"}
    assert cookies.header("https://evilonlyfans.com/") == {}


def test_a_broken_page_is_another_thing(bench: Bench) -> None:
    """No answer of a media host replaces the browser."""
    for path in ("/404", "/500", "/short"):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - any but one
            bench.fetch(path)
        assert not isinstance(caught.value, PageBroken)
