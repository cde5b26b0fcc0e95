"""Playwright's traces of contexts, from their opening; whoever opens contexts says when."""

import asyncio
import itertools
import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "HUNTAZE_TRACES"
"""Names, in a task's environment, the folder where its traces go."""
STOP_SECONDS = 5.0
MOST_ENDED = 8
"""So many traces of contexts that are closed are kept."""


class ContextTraces:
    """Traces contexts. That a trace cannot be had costs nothing but the trace."""

    def __init__(self, folder: Path) -> None:
        """Write traces to the folder."""
        self._folder = folder
        self._numbers = itertools.count(1)
        self._open: dict[Any, None] = {}
        self._written: deque[Path] = deque()

    async def begin(self, context: Any) -> None:
        """Trace a context that was just opened."""
        with suppress(Exception):
            await context.tracing.start(snapshots=True)
            self._open[context] = None

    async def end(self, context: Any) -> None:
        """Write the trace of a context that is about to be closed."""
        if context in self._open:
            del self._open[context]
            await self._write(context.tracing.stop)
        while len(self._written) > MOST_ENDED:
            self._written.popleft().unlink(missing_ok=True)

    async def write_all(self) -> list[Path]:
        """Write what was traced by now, trace on, and return every trace that there is."""
        for context in list(self._open):
            await self._write(context.tracing.stop_chunk)
            with suppress(Exception):
                await context.tracing.start_chunk()
        return list(self._written)

    async def _write(self, stop: Any) -> None:
        trace = self._folder / f"{os.getpid()}-{next(self._numbers)}.zip"
        with suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await stop(path=trace)
            self._written.append(trace)
