"""Playwright's traces of contexts, from their opening; of a task's, given to whoever connects to the port that it names."""

import asyncio
import itertools
import json
import os
import shutil
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

FOLDER_VARIABLE = "HUNTAZE_TRACES"
"""Names, in a task's environment, the folder where its traces go."""
STOP_SECONDS = 5.0
MOST_ENDED = 8
"""So many traces of contexts that are closed are kept."""
MOST_LAUNCHES = 3
"""What so many Chromiums, one after the other, have recorded is kept: one that is replaced goes on for a while."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What a context did in a stretch of time (seconds since the epoch, by the task's clock)."""

    file: str
    account: str
    """Whose context it is; empty for one that was opened for no job."""
    since: float
    until: float


class ContextTraces:
    """Traces contexts. That a trace cannot be had costs nothing but the trace."""

    def __init__(self, folder: Path) -> None:
        """Write traces to the folder."""
        self._folder = folder
        self._numbers = itertools.count(1)
        self._open: dict[Any, tuple[str, float]] = {}
        """Whose each is, and from when its next trace tells."""
        self._written: deque[Trace] = deque()

    async def begin(self, context: Any) -> None:
        """Trace a context that was just opened."""
        with suppress(Exception):
            await context.tracing.start(snapshots=True)
            self._open[context] = str(structlog.contextvars.get_contextvars().get("creator_id", "")), time.time()

    async def end(self, context: Any) -> None:
        """Write the trace of a context that is about to be closed."""
        if context in self._open:
            await self._write(context.tracing.stop, *self._open.pop(context))
        while len(self._written) > MOST_ENDED:
            self._forget(self._written.popleft())

    async def write_all(self) -> list[Trace]:
        """Write what was traced by now, trace on, and return every trace that there is."""
        for context, (account, since) in list(self._open.items()):
            await self._write(context.tracing.stop_chunk, account, since)
            if context not in self._open:
                continue  # it was closed meanwhile
            with suppress(Exception):
                await context.tracing.start_chunk()
                self._open[context] = account, time.time()
        return list(self._written)

    @staticmethod
    def _forget(trace: Trace) -> None:
        Path(trace.file).unlink(missing_ok=True)

    async def _write(self, stop: Any, account: str, since: float) -> None:
        file = self._folder / f"{os.getpid()}-{next(self._numbers)}.zip"
        with suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await stop(path=file)
            self._written.append(Trace(file=str(file), account=account, since=since, until=time.time()))


class TaskTraces:
    """Traces what Playwright's classes open and close in this process."""

    def __init__(self) -> None:
        """Trace none yet."""
        self._folder = Path(os.environ[FOLDER_VARIABLE])
        self._traces = ContextTraces(self._folder)
        self._launches = itertools.count(1)
        self._server: asyncio.Server | None = None

    def attach(self, browser_type: Any, browser: Any, context: Any) -> None:
        """Have what these classes start, open and close traced."""
        launch, new_context, close = browser_type.launch, browser.new_context, context.close

        async def traced_launch(browser_type: Any, **options: Any) -> Any:
            # Playwright's own folder goes with a Chromium that is killed, and its driver may die of a missing folder.
            number = next(self._launches)
            shutil.rmtree(self._recordings(number - MOST_LAUNCHES), ignore_errors=True)
            return await launch(browser_type, traces_dir=self._recordings(number), **options)

        async def traced_new_context(browser: Any, **options: Any) -> Any:
            opened = await new_context(browser, **options)
            await self._serve()
            await self._traces.begin(opened)
            return opened

        async def traced_close(context: Any, **options: Any) -> None:
            await self._traces.end(context)
            await close(context, **options)

        browser_type.launch, browser.new_context, context.close = traced_launch, traced_new_context, traced_close

    def _recordings(self, launch: int) -> Path:
        return self._folder / f"{os.getpid()}-chromium-{launch}"

    async def _serve(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._give, "127.0.0.1", 0)
            (self._folder / f"{os.getpid()}.port").write_text(str(self._server.sockets[0].getsockname()[1]))

    async def _give(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Tell of each trace in a line."""
        writer.write("".join(f"{json.dumps(asdict(it))}\n" for it in await self._traces.write_all()).encode())
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
