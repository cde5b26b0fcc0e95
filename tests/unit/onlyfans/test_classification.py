"""Which error an answer stands for."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import ErrorClass, NoAnswer, PageBroken, SiteError, SlowDown, TryAgainLonger
from huntaze_scraper.onlyfans.classification import LONGEST_WAIT_SECONDS, of_browser, of_status, retry_after_seconds

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("status", "error_class", "reason"),
    [
        (200, None, ""),
        (201, None, ""),
        (302, None, ""),
        (399, None, ""),
        (400, ErrorClass.CLIENT_ERROR, "the site refuses"),
        (401, ErrorClass.AUTH, "the site does not know the session"),
        (403, ErrorClass.CLIENT_ERROR, "the site refuses"),
        (404, ErrorClass.CLIENT_ERROR, "the site refuses"),
        (410, ErrorClass.CLIENT_ERROR, "the site refuses"),
        (429, ErrorClass.RATE_LIMIT, "the site asks to slow down"),
        (499, ErrorClass.CLIENT_ERROR, "the site refuses"),
        (500, ErrorClass.SERVER_ERROR, "the site failed"),
        (502, ErrorClass.SERVER_ERROR, "the site failed"),
        (503, ErrorClass.SERVER_ERROR, "the site failed"),
        (504, ErrorClass.SERVER_ERROR, "the site failed"),
        (599, ErrorClass.SERVER_ERROR, "the site failed"),
    ],
)
@pytest.mark.requirement("7.1", "7.2", "7.3")
def test_a_status_has_its_class(status: int, error_class: ErrorClass | None, reason: str) -> None:
    """The table, row by row, with what an operator reads."""
    error = of_status(status, {}, "GET /x", NOW)
    assert (error and error.error_class) == error_class
    if error:
        assert (error.reason, error.status, error.request) == (reason, status, "GET /x")


@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_a_challenge_is_one_whatever_its_status(status: int) -> None:
    """The header says so."""
    error = of_status(status, {"x-challenge": "1"}, "GET /x", NOW)
    assert error is not None
    assert error.error_class is ErrorClass.CHALLENGE
    assert (error.status, error.request) == (status, "GET /x")
    assert error.reason == "the site asks whether a human is there"


@pytest.mark.requirement("7.1")
def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    """Both forms of RFC 9110; a minute where there is none or nonsense."""
    date = format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)
    for header, seconds in [
        ("120", 120),
        (" 7 ", 7),
        (date, 90),
        (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), 1),
        ("0", 1),
        (None, 60),
        ("", 60),
        ("soon", 60),
        ("-5", 60),
        ("1e3", 60),
    ]:
        error = of_status(429, {} if header is None else {"retry-after": header}, "GET /x", NOW)
        assert isinstance(error, SlowDown)
        assert error.wait_seconds == pytest.approx(seconds), header


@given(st.text())
def test_no_retry_after_waits_longer_than_sqs_can_or_not_at_all(header: str) -> None:
    """From a second to twelve hours, whatever the site writes."""
    assert 1 <= retry_after_seconds(header, NOW) <= LONGEST_WAIT_SECONDS


@given(st.integers(0, 10**30))
def test_a_very_long_retry_after_is_cut(seconds: int) -> None:
    """A number too large is no way to keep a job for good."""
    assert 1 <= retry_after_seconds(str(seconds), NOW) <= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Page.goto: net::ERR_CONNECTION_REFUSED at http://x/", "ERR_CONNECTION_REFUSED"),
        ("Page.goto: net::ERR_CONNECTION_RESET at http://x/", "ERR_CONNECTION_RESET"),
        ("Page.goto: net::ERR_EMPTY_RESPONSE at http://x/", "ERR_EMPTY_RESPONSE"),
        ("net::ERR_NAME_NOT_RESOLVED", "ERR_NAME_NOT_RESOLVED"),
        ("net::ERR_CONTENT_LENGTH_MISMATCH", "ERR_CONTENT_LENGTH_MISMATCH"),
        ("APIRequestContext.get: read ECONNRESET", "ECONNRESET"),
        ("APIRequestContext.get: connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED"),
        ("APIRequestContext.fetch: aborted\nCall log:", "aborted"),
        ("APIRequestContext.get: socket hang up", "socket hang up"),
    ],
)
def test_a_broken_connection_is_a_network_error(message: str, code: str) -> None:
    """As Chromium and as Node spell it."""
    error = of_browser(message, "GET /x", timed_out=False, responsive=True)
    assert isinstance(error, TryAgainLonger)
    assert (error.reason, error.request) == (f"no whole answer: {code}", "GET /x")


@pytest.mark.parametrize("message", ["Page.goto: Page crashed", "Target page, context or browser has been closed"])
def test_a_crash_is_unknown(message: str) -> None:
    """The browser is replaced."""
    error = of_browser(message, "GET /x", timed_out=False, responsive=True)
    assert isinstance(error, PageBroken)
    assert (error.reason, error.request) == ("the page or its browser crashed", "GET /x")


@pytest.mark.parametrize(
    ("responsive", "kind", "reason"), [(True, NoAnswer, "no answer in time"), (False, PageBroken, "the page hangs")]
)
def test_a_time_out_is_the_networks_fault_only_while_the_page_answers(
    responsive: bool, kind: type[SiteError], reason: str
) -> None:
    """A page that does not answer either hangs itself."""
    error = of_browser("", "GET /x", timed_out=True, responsive=responsive)
    assert type(error) is kind
    assert (error.reason, error.request) == (reason, "GET /x")


def test_what_was_typed_is_not_in_the_reason() -> None:
    """Playwright's call log quotes it; its first line does not, and a query may be a signature."""
    message = 'Locator.fill: Error: not an <input> at http://x/y?token=abc\nCall log:\n  - fill("hunter2")'
    error = of_browser(message, "GET /x", timed_out=False, responsive=True)
    assert error.reason == "the browser could not do it: Locator.fill: Error: not an <input> at http://x/y"
    assert error.request == "GET /x"


def test_a_long_text_of_the_browser_is_cut() -> None:
    """Two hundred characters of it are enough for a log."""
    error = of_browser("x" * 500, "GET /x", timed_out=False, responsive=True)
    assert error.reason == f"the browser could not do it: {'x' * 200}"
