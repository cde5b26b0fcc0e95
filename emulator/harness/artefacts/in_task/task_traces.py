"""Traces of all contexts of a process, given to whoever connects to the port that it names in a file."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from context_traces import FOLDER_VARIABLE, ContextTraces  # type: ignore[import-not-found]  # in this folder, which is on the path


class TaskTraces:
    """Traces what Playwright's classes open and close in this process."""

    def __init__(self) -> None:
        """Trace none yet."""
        self._folder = Path(os.environ[FOLDER_VARIABLE])
        self._traces = ContextTraces(self._folder)
        self._server: asyncio.Server | None = None

    def attach(self, browser: Any, context: Any) -> None:
        """Have what these two classes open and close traced."""
        new_context, close = browser.new_context, context.close

        async def traced_new_context(browser: Any, **options: Any) -> Any:
            opened = await new_context(browser, **options)
            await self._serve()
            await self._traces.begin(opened)
            return opened

        async def traced_close(context: Any, **options: Any) -> None:
            await self._traces.end(context)
            await close(context, **options)

        browser.new_context, context.close = traced_new_context, traced_close

    async def _serve(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._give, "127.0.0.1", 0)
            (self._folder / f"{os.getpid()}.port").write_text(str(self._server.sockets[0].getsockname()[1]))

    async def _give(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Name each trace in a line."""
        writer.write("".join(f"{trace}\n" for trace in await self._traces.write_all()).encode())
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
