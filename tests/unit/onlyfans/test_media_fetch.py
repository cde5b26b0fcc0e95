"""Fetching media from a real server that misbehaves."""

import gzip
import hashlib
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from huntaze_scraper.errors import (
    HumanWanted,
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
from huntaze_scraper.onlyfans.line import Line, Stopped
from huntaze_scraper.onlyfans.media_fetch import Fetched, MediaFetch
from huntaze_scraper.onlyfans.media_hosts import MediaHosts
from huntaze_scraper.onlyfans.site import Site
from tests.unit.worker.doubles import MemoryObjectStore, MemoryUpload

BODY = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 5000
MOST = 2_000_000


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str]]]
    encoded = ("", b"")
    length = ""

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
        self._head(200, {"Connection": "close", "Content-Type": "image/jpeg"})
        try:
            while True:
                self.wfile.write(BODY)
        except OSError:
            self.close_connection = True

    def _drip(self, _: str) -> None:
        self._head(200, {"Content-Length": str(len(BODY)), "Content-Type": "image/jpeg"})
        self._trickle(BODY)

    def _drip_head(self, _: str) -> None:
        self._trickle(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nX-Long: " + b"x" * 10_000)

    def _trickle(self, body: bytes) -> None:
        for byte in body:
            if self.server.released.wait(0.05):  # type: ignore[attr-defined]
                break
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                break
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

    def _encoded(self, _: str) -> None:
        encoding, body = self.encoded
        self._head(200, {"Content-Encoding": encoding, "Content-Length": str(len(body)), "Content-Type": "image/jpeg"})
        self.wfile.write(body)

    def _length(self, _: str) -> None:
        self._head(200, {"Content-Length": self.length, "Connection": "close"})
        self.wfile.write(BODY)
        self.close_connection = True

    def _as(self, _: str) -> None:
        """Answer as the query says: status, content type, encoding, and a body in hex."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = bytes.fromhex(asked.get("body", ""))
        names = {"type": "Content-Type", "encoding": "Content-Encoding", "location": "Location"}
        headers = {names[name]: text for name, text in asked.items() if name in names}
        self._head(int(asked.get("status", "200")), headers | {"Content-Length": str(len(body))})
        self.wfile.write(body)

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
    content_types: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def fetch(self, path: str, seconds: float = 5, line: Line | None = None) -> Fetched:
        fetch, site = MediaFetch(MediaHosts.parse(self.base.removeprefix("http://")), MOST), Site(self.base)
        cookies = Cookies([{"name": "sess", "value": "s", "domain": "127.0.0.1", "path": "/"}])
        target, line = fetch.target(path, site), line or Line(seconds)
        return fetch.fetch(target, site, cookies.header, self._begin, seconds, line)

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
    """At once, whatever arrives or does not."""
    for path in ("/silent", "/drip", "/drip_head", "/endless"):
        line = Line(30)
        threading.Timer(0.2, line.cut).start()
        began = time.monotonic()
        with pytest.raises((Stopped, Refused)):
            bench.fetch(path, 30, line)
        assert time.monotonic() - began < 5


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


JPEG, PNG, MP4 = b"\xff\xd8\xff\xe0" + bytes(100), b"\x89PNG\r\n\x1a\n" + bytes(100), b"\0\0\0\x18ftypmp42" + bytes(100)
LOGIN = b"<!doctype html><title>Log in</title><form><input name=username><input type='password' name=password></form>"
PAGE, XML, JSON = (
    b"<!doctype html><h1>Gone</h1>",
    b"<?xml version='1.0'?><Error>Expired</Error>",
    b'{"error": "expired"}',
)


def answered(body: bytes = JPEG, **changes: str) -> str:
    return "/as?" + urlencode({"body": body.hex()} | changes)


@pytest.mark.requirement("9.8")
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (answered(PAGE, type="text/html"), Refused),
        (answered(XML, type="application/xml"), Refused),
        (answered(JSON, type="application/json"), Refused),
        (answered(PAGE, type="image/jpeg"), Refused),
        (answered(JSON), Refused),
        (answered(JPEG, type="text/html"), Refused),
        (answered(JPEG, type="video/mp4"), Refused),
        (answered(MP4, type="image/jpeg"), Refused),
        (answered(JPEG, type="image/jpeg", encoding="br"), Refused),
        (answered(JPEG, type="image/jpeg", encoding="gzip"), Refused),
        (answered(JPEG, type="image/jpeg", encoding="aes128gcm"), Refused),
        (answered(LOGIN, type="text/html"), SignInAgain),
        (answered(LOGIN, type="image/jpeg"), SignInAgain),
        (answered(bytes(5000) + LOGIN, type="text/html"), SignInAgain),
        (answered(b"", status="303", location="/login"), SignInAgain),
        (answered(b"<p data-testid=challenge>", type="text/html"), HumanWanted),
        (answered(b"", type="image/jpeg"), TryAgainLonger),
        (answered(b"", type="image/jpeg", encoding="gzip"), TryAgainLonger),
        (answered(JPEG, status="202"), TryAgain),
        (answered(JPEG, status="203"), Refused),
        (answered(b"", status="204"), Refused),
        (answered(b"", status="205"), Refused),
        (answered(JPEG, status="206", type="image/jpeg"), TryAgainLonger),
        (answered(b"", status="302", location="http://[::1"), Refused),
    ],
)
def test_what_is_not_the_file_is_never_kept(bench: Bench, path: str, kind: type[Exception]) -> None:
    """Pages, errors, parts, emptiness and encodings nobody asked for: each has its class, and nothing was begun."""
    with pytest.raises(kind):
        bench.fetch(path)
    assert bench.store.uploads == []


@pytest.mark.requirement("9.8")
@pytest.mark.parametrize("claimed", ["", "image/png", "image/jpeg", "application/octet-stream", "binary/octet-stream"])
def test_a_file_is_kept_as_what_its_bytes_say(bench: Bench, claimed: str) -> None:
    """A host may say nothing of it, or take one kind of picture for another."""
    assert bench.fetch(answered(PNG, **{"type": claimed} if claimed else {})).content_type == "image/png"


@pytest.mark.requirement("9.8")
@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
    ],
)
def test_an_encoding_that_nobody_asked_for_is_undone(bench: Bench, encoding: str, encoded: bytes) -> None:
    """What is kept is the file, its size and its digest."""
    Handler.encoded = encoding, encoded
    fetched = bench.fetch("/encoded")
    assert (fetched.size, fetched.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())


@pytest.mark.requirement("9.8")
def test_a_small_answer_that_unpacks_above_the_limit_is_refused(bench: Bench) -> None:
    """A thousand times its size."""
    Handler.encoded = "gzip", gzip.compress(JPEG + bytes(50_000_000))
    with pytest.raises(Refused, match="larger"):
        bench.fetch("/encoded")
    assert all(upload.is_aborted for upload in bench.store.uploads)


@pytest.mark.requirement("9.8")
@pytest.mark.parametrize("length", ["9" * 5000, "-1", "12x", "10, 20", str(len(BODY) + 1)])
def test_a_file_of_another_length_than_was_announced_is_not_kept(bench: Bench, length: str) -> None:
    """Numbers that are none break nothing."""
    Handler.length = length
    with pytest.raises(TryAgainLonger):
        bench.fetch("/length")
    assert bench.store.objects == {}
