"""The console speaks to this machine's own pages, and changes nothing for anybody without its token."""

import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.routing import Route

from emulator.console.web import changes
from emulator.console.web.app import NOTICE_SECONDS, Notice
from emulator.console.web.server import ConsoleServer
from emulator.harness.errors import HarnessError


def nowhere() -> None:
    raise HarnessError("no harness is up: start one with ./huntaze up")


@pytest.fixture
def console() -> Iterator[ConsoleServer]:
    """A console over nothing."""
    server = ConsoleServer(nowhere)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def test_without_a_harness_the_page_says_what_to_do(console: ConsoleServer) -> None:
    """And looks again by itself."""
    answer = httpx.get(console.url)

    assert answer.status_code == 503
    assert "start one with ./huntaze up" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:1", "[::2]:80", ""])
def test_a_name_that_was_bent_to_this_address_sees_nothing(console: ConsoleServer, host: str) -> None:
    """DNS rebinding: the browser thinks that it speaks to another site."""
    assert httpx.get(console.url, headers={"Host": host}).status_code in (400, 403)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
def test_another_sites_page_changes_nothing(console: ConsoleServer, origin: str) -> None:
    """Not even with a token."""
    answer = httpx.post(f"{console.url}clock", data={"do": "pause", "token": "x"}, headers={"Origin": origin})

    assert answer.status_code == 403


def test_no_answer_may_run_what_is_not_ours(console: ConsoleServer) -> None:
    """No inline script, no other origin, no frame around it."""
    policy = httpx.get(console.url).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_recorded_pages_are_another_origin_than_the_buttons(console: ConsoleServer) -> None:
    """The viewer's port has no page of ours, ours has no viewer, and it too is for this machine's own names."""
    origin = console.console.viewer_origin

    assert httpx.get(f"{origin}/index.html").status_code == 200
    assert [httpx.get(f"{origin}/{it}").status_code for it in ("jobs", "break", "live/")] == [404] * 3
    assert httpx.post(f"{origin}/clock").status_code in (404, 405)
    assert httpx.get(f"{console.url}snapshot.html").status_code == 404
    assert httpx.get(f"{origin}/index.html", headers={"Host": "evil.example"}).status_code == 403
    assert "https" not in httpx.get(f"{origin}/index.html").headers["Content-Security-Policy"]


def test_read_only_nothing_that_changes_anything_is_routed() -> None:
    """As over a real account."""
    server = ConsoleServer(nowhere, can_change=False)  # type: ignore[arg-type]
    server.start()
    try:
        paths = [it.path for it in changes.routes(server.console) if isinstance(it, Route)]
        assert {"/clock", "/jobs", "/letters", "/break/end"} < set(paths)
        assert {httpx.post(server.url.rstrip("/") + path).status_code for path in paths} <= {404, 405}
    finally:
        server.stop()


def test_what_was_done_is_told_for_a_while() -> None:
    """A page that is opened much later does not begin with old words."""
    assert Notice("sent job 0123").is_new
    assert not Notice("sent job 0123", told=time.monotonic() - NOTICE_SECONDS).is_new
