"""Traces of all contexts of a process, given to whoever connects to the port that it names in a file."""

import asyncio
import itertools
import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "HUNTAZE_TRACES"
CLOSE_SECONDS = 5.0
MOST_ENDED = 8
"""So many traces of contexts that are closed are kept."""


class TaskTraces:
    """Traces each context from its opening."""

    def __init__(self) -> None:
        """Trace none yet."""
        self._folder = Path(os.environ[FOLDER_VARIABLE])
        self._numbers = itertools.count(1)
        self._open: dict[Any, None] = {}
        self._ended: deque[Path] = deque()
        self._server: asyncio.Server | None = None

    def attach(self, browser: Any, context: Any) -> None:
        """Have what these classes of Playwright's open and close traced."""
        new_context, close = browser.new_context, context.close

        async def traced_new_context(browser: Any, **options: Any) -> Any:
            opened = await new_context(browser, **options)
            await self._begin(opened)
            return opened

        async def traced_close(context: Any, **options: Any) -> None:
            await self._end(context)
            await close(context, **options)

        browser.new_context, context.close = traced_new_context, traced_close

    async def _begin(self, context: Any) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._give, "127.0.0.1", 0)
            (self._folder / f"{os.getpid()}.port").write_text(str(self._server.sockets[0].getsockname()[1]))
        with suppress(Exception):  # what is wrong with the context, its owner will see
            await context.tracing.start(snapshots=True)
            self._open[context] = None

    async def _end(self, context: Any) -> None:
        if context not in self._open:
            return
        del self._open[context]
        with suppress(Exception):
            trace = self._next()
            async with asyncio.timeout(CLOSE_SECONDS):
                await context.tracing.stop(path=trace)
            self._ended.append(trace)
        while len(self._ended) > MOST_ENDED:
            self._ended.popleft().unlink(missing_ok=True)

    async def _give(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write each trace to a file, name it in a line, and trace on."""
        for context in list(self._open):
            with suppress(Exception):
                trace = self._next()
                await context.tracing.stop_chunk(path=trace)
                self._ended.append(trace)
                await context.tracing.start_chunk()
        writer.write("".join(f"{trace}\n" for trace in self._ended).encode())
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    def _next(self) -> Path:
        return self._folder / f"{os.getpid()}-{next(self._numbers)}.zip"
