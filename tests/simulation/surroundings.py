"""What a process of ours has around it, taken from it for a run: time, chance, threads, boto3, browser, log.

Only here names of ``src`` are replaced, and only those that reach out of the process.
"""

import logging
import random
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Self

import boto3
import structlog

from huntaze_scraper.onlyfans import session_state, sign_in
from huntaze_scraper.onlyfans.actions import download_media
from huntaze_scraper.operations.incident import stored
from huntaze_scraper.rate_limiter import handler
from huntaze_scraper.worker import application
from tests.simulation import tabs
from tests.simulation.aws.client import Session
from tests.simulation.ground import Ground

type TakeLine = Callable[[str, Mapping[str, Any]], None]


@contextmanager
def of(world: Ground, take_line: TakeLine) -> Iterator[None]:
    """Let the world be all that there is; it takes each line of a log."""

    def log_line(_logger: object, _method: str, event: Any) -> Any:
        fields = {name: value for name, value in event.items() if name != "_job_started"}
        take_line(str(fields.pop("event", "")), fields)
        raise structlog.DropEvent

    places: list[tuple[Any, str, Any]] = [
        (time, "time", world.local_now),
        (time, "monotonic", world.loop.time),
        (time, "sleep", world.loop.block),
        (uuid, "uuid4", lambda: uuid.UUID(int=world.random.getrandbits(128), version=4)),
        (random, "uniform", world.random.uniform),
        (secrets, "choice", world.random.choice),
        (secrets, "token_bytes", world.random.randbytes),
        (stored, "ThreadPoolExecutor", InTurn),
        (boto3, "Session", lambda *_, **__: Session(world)),
        (application, "Browser", lambda *_: tabs.SimulatedBrowser(world)),
        (application, "Tabs", tabs.SimulatedTabs),
        (application, "HealthServer", lambda _, report: HealthOf(world, report)),
        (application, "MediaFetch", lambda *_: tabs.SimulatedMedia(world)),
        (sign_in, "LoginForm", tabs.SimulatedLoginForm),
        (session_state, "take", tabs.session_of),
        (download_media, "in_own_thread", tabs.in_simulated_thread),
        (handler, "Logger", lambda **_: LimiterLog(take_line)),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    logging_before = structlog.get_config()
    try:
        for place, name, stand_in in places:
            setattr(place, name, stand_in)
        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, log_line],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            logger_factory=lambda *_: SimpleNamespace(),
            cache_logger_on_first_use=False,
        )
        yield
    finally:
        for place, name, was in before:
            setattr(place, name, was)
        structlog.configure(**logging_before)


class HealthOf:
    """The task's health endpoint, which the model of ECS asks."""

    port = 3000

    def __init__(self, world: Ground, report: Any) -> None:
        self._process, self._report = world.loop.current, report

    async def start(self) -> None:
        self._process.health = self._report

    async def close(self) -> None:
        self._process.health = None


class InTurn:
    """A pool of threads whose calls go one after the other."""

    def __init__(self, _threads: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, call: Callable[[Any], Any], values: Iterable[Any]) -> Iterator[Any]:
        return map(call, values)


class LimiterLog:
    """The function's log."""

    def __init__(self, take_line: TakeLine) -> None:
        self._take_line = take_line

    def info(self, event: str, **fields: Any) -> None:
        self._take_line(event, fields)

    warning = exception = info
