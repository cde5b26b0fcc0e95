"""Tells the log of every answer of the site that matters, and of every that did not come; never of a body."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from huntaze_scraper.errors import NoAnswer, SiteError
from huntaze_scraper.onlyfans.classification import retry_after_seconds
from huntaze_scraper.onlyfans.site import Site

log = structlog.stdlib.get_logger(__name__)


class Asked:
    """A request that is under way."""

    def __init__(self) -> None:
        """Begin to count its time."""
        self._began = time.monotonic()
        self.status: int | None = None
        self.first_byte_ms: int | None = None
        self.received_bytes: int | None = None
        self._headers: Mapping[str, str] = {}

    @property
    def milliseconds(self) -> int:
        """How long it has taken so far."""
        return round((time.monotonic() - self._began) * 1000)

    def answered(self, status: int, headers: Mapping[str, str], first_byte_ms: float | None = None) -> None:
        """Take note of an answer's head; header names are in lower case."""
        self.status = status
        self._headers = headers
        length = headers.get("content-length", "")
        self.received_bytes = int(length) if length.isdecimal() and len(length) <= 18 else self.received_bytes  # noqa: PLR2004
        self.first_byte_ms = None if first_byte_ms is None or first_byte_ms < 0 else round(first_byte_ms)

    @property
    def retry_after_seconds(self) -> float | None:
        """What the site asks to wait, where it does."""
        told = self._headers.get("retry-after")
        return None if told is None else retry_after_seconds(told, time.time())

    @property
    def content_type(self) -> str | None:
        """The answer's content type, without its parameters."""
        return self._headers.get("content-type", "").partition(";")[0] or None


@contextmanager
def witnessed(request: str, sent_bytes: int = 0) -> Iterator[Asked]:
    """Write the line of one request (``GET /path``) when it is over, whatever becomes of it."""
    method, _, path = request.partition(" ")
    asked, failure = Asked(), ""
    try:
        yield asked
    except (PlaywrightTimeout, TimeoutError, NoAnswer):
        failure = "timeout"
        raise
    except (PlaywrightError, SiteError):
        failure = "reset"
        raise
    except BaseException:
        failure = "given_up"
        raise
    finally:
        log.info(
            "site_answered",
            method=method,
            path=Site.template(path),
            http_status=asked.status,
            failure=None if asked.status else failure or "given_up",
            retry_after_seconds=asked.retry_after_seconds,
            first_byte_ms=asked.first_byte_ms,
            total_ms=asked.milliseconds,
            sent_bytes=sent_bytes,
            received_bytes=asked.received_bytes,
            content_type=asked.content_type,
        )
