import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from huntaze_scraper.errors import NoAnswer, SlowDown
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.onlyfans.witness import witnessed


def told(lines: list[Any]) -> dict[str, Any]:
    (line,) = lines
    return dict(line)


def test_an_answer_is_told_in_one_line_without_a_name() -> None:
    """Method, the path's form, status, Retry-After, times and sizes; no name, no query, no body."""
    headers = {"retry-after": "30", "content-length": "180", "content-type": "application/json; charset=utf-8"}

    def ask() -> None:
        with witnessed("POST /api/chats/anna/messages?x=1", 33) as asked:
            asked.answered(429, headers, 12.4)
            raise SlowDown("the site asks to slow down")

    with capture_logs() as lines, pytest.raises(SlowDown):
        ask()

    line = told(lines)
    assert line.pop("total_ms") >= 0
    assert line == {
        "event": "site_answered",
        "log_level": "info",
        "method": "POST",
        "path": "/api/chats/{fan}/messages",
        "http_status": 429,
        "failure": None,
        "retry_after_seconds": 30.0,
        "first_byte_ms": 12,
        "sent_bytes": 33,
        "received_bytes": 180,
        "content_type": "application/json",
    }


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (TimeoutError, "timeout"),
        (lambda: NoAnswer("no answer in time"), "timeout"),
        (asyncio.CancelledError, "given_up"),
    ],
)
def test_an_answer_that_did_not_come_is_told_too(error: Any, failure: str) -> None:
    """Whatever ends the wait, a line says so, and the error goes on as it was."""
    with capture_logs() as lines, pytest.raises(BaseException), witnessed("GET /my/chats"):  # noqa: B017, PT011
        raise error()

    line = told(lines)
    assert (line["http_status"], line["failure"]) == (None, failure)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/", "/"),
        ("/my/chats", "/my/chats"),
        ("/my/chats/chat/anna", "/my/chats/chat/{fan}"),
        ("/api/chats/anna/messages", "/api/chats/{fan}/messages"),
        ("/api/login/2fa", "/api/login/2fa"),
        ("/anna.real", "/{profile}"),
        ("/media/1/anna.jpg", "/media/{file}"),
        ("/anna/secret", "/{other}"),
    ],
)
def test_a_paths_form_names_nobody(path: str, form: str) -> None:
    """Only what is always the same of a path is told."""
    assert Site.template(path) == form
