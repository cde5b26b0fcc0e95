"""JSON lines on standard output, each with the job that it belongs to."""

import logging
import sys
import time
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.telemetry.redaction import Redactor

_STARTED = "_job_started"


def configure(redactor: Redactor, stream: TextIO = sys.stdout, level: int = logging.INFO) -> None:
    """Send our lines and every library's through one pipeline that ends in the redactor."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_progress,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe_exception,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *before],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redactor,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            keep_exc_info=False,
            keep_stack_info=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for talkative in ("botocore", "boto3", "urllib3", "asyncio"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    sys.excepthook = lambda kind, error, trace: logging.getLogger("huntaze_scraper").critical(
        "unexpected_error", exc_info=(kind, error, trace)
    )


@contextmanager
def job_lines(started: float, **fields: Any) -> Iterator["JobLines"]:
    """Put the fields, ``status`` and ``duration_ms`` on every line that is written inside.

    Args:
        started: ``time.monotonic()`` when the job began.
        fields: message_id, creator_id, action, correlation_id and the like.
    """
    with structlog.contextvars.bound_contextvars(status="running", **{_STARTED: started}, **fields):
        yield JobLines()


class JobLines:
    """The lines of one job."""

    def end(self, status: str) -> None:
        """Put how the job ended on the lines that follow."""
        structlog.contextvars.bind_contextvars(status=status)


def _with_progress(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    started = event.pop(_STARTED, None)
    if started is not None:
        event.setdefault("duration_ms", round((time.monotonic() - started) * 1000))
    return event


def _describe_exception(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say where an exception arose; in its own words only if it is ours, for a library's may quote what was typed."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    return event


def describe(error: BaseException) -> dict[str, Any]:
    """Return type, place and, for our own errors, text."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": type(error).__qualname__,
        "text": str(error) if isinstance(error, HuntazeError) else "",
        "at": [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }
