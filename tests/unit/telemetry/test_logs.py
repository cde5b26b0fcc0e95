"""Log lines: JSON, with the job on each, without secrets."""

import io
import json
import logging
import time
from typing import Any

import pytest
import structlog

from huntaze_scraper.errors import Refused
from huntaze_scraper.telemetry import logs
from huntaze_scraper.telemetry.redaction import REDACTED, Redactor

SECRET = "hunter2-hunter2"


@pytest.fixture
def stream() -> io.StringIO:
    redactor = Redactor()
    redactor.learn(SECRET)
    stream = io.StringIO()
    logs.configure(redactor, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.requirement("4.4")
def test_every_line_of_a_job_tells_which_job_and_how_far_it_is(stream: io.StringIO) -> None:
    """Ours and the libraries': message_id, creator_id, action, status, duration_ms, correlation_id."""
    fields = {"message_id": "m", "creator_id": "c", "action": "send_message", "correlation_id": "t"}
    with logs.job_lines(time.monotonic() - 1, **fields) as job:
        structlog.stdlib.get_logger("x").info("ours", detail=1)
        logging.getLogger("y").warning("theirs %s", "too")
        job.end("succeeded")
        structlog.stdlib.get_logger("x").info("after")
    structlog.stdlib.get_logger("x").info("outside")
    ours, theirs, after, outside = lines(stream)
    for line, status in ((ours, "running"), (theirs, "running"), (after, "succeeded")):
        assert {name: line[name] for name in fields} == fields
        assert line["status"] == status
        assert line["duration_ms"] >= 1000
        assert {"level", "timestamp", "logger"} <= line.keys()
    assert theirs["event"] == "theirs too"
    assert not fields.keys() & outside.keys()


def test_a_secret_is_nowhere_in_a_line(stream: io.StringIO) -> None:
    """Not in the event, a field, a library's message or its arguments."""
    structlog.stdlib.get_logger("x").info(f"event {SECRET}", field=f"<{SECRET}>", password="abc")
    logging.getLogger("y").warning("with %s", SECRET, extra={"more": SECRET})
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count(REDACTED) >= 4
    assert '"abc"' not in stream.getvalue()


def test_an_exceptions_own_words_are_written_only_if_it_is_ours(stream: io.StringIO) -> None:
    """A library's exception may quote what was typed: its type and place are enough."""
    log = structlog.stdlib.get_logger("x")
    for error in (ValueError("typed by a creator"), Refused("ours")):
        try:
            raise error
        except (ValueError, Refused):
            log.exception("failed")
    theirs, ours = lines(stream)
    assert theirs["exception"]["type"] == "ValueError"
    assert theirs["exception"]["text"] == ""
    assert "test_logs.py" in theirs["exception"]["at"][-1]
    assert ours["exception"]["text"] == "ours"
    assert "typed by a creator" not in stream.getvalue()


def test_a_librarys_exception_is_described_the_same_way(stream: io.StringIO) -> None:
    """Asyncio logs what nobody awaited through the standard library."""
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    (line,) = lines(stream)
    assert line["exception"]["type"] == "ValueError"
    assert SECRET not in stream.getvalue()
