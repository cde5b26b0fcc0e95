"""Blocking work that may be left alone: neither its caller's cancellation nor the end of the process waits for it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future


async def in_own_thread[Found](work: Callable[[], Found], name: str) -> Found:
    """Return what the work returns. A pool's threads are joined at exit, however long a silent host keeps them."""
    ended: Future[Found] = Future()

    def run() -> None:
        ended.set_running_or_notify_cancel()
        try:
            ended.set_result(work())
        except BaseException as error:  # noqa: BLE001 it is raised where it is awaited
            ended.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(ended)
