"""``python -m huntaze_scraper.worker``: the container's command."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

import structlog

from huntaze_scraper.errors import BrowserUnavailable
from huntaze_scraper.settings import InvalidSettings, WorkerSettings
from huntaze_scraper.telemetry import logs
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.application import Application

log = structlog.stdlib.get_logger("huntaze_scraper.worker")


async def work(settings: WorkerSettings, redactor: Redactor) -> None:
    """Run the worker until SIGTERM or SIGINT."""
    application = Application(settings, redactor)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, application.shutdown.begin, number.name)
    try:
        await application.run()
    finally:
        await application.browser.close()


def main(env: Mapping[str, str]) -> int:
    """Return the exit status: 0 after a clean stop, 1 when the worker cannot start or go on."""
    redactor = Redactor()
    logs.configure(redactor)
    redactor.learn(env.get("AWS_SECRET_ACCESS_KEY"), env.get("AWS_SESSION_TOKEN"))
    try:
        asyncio.run(work(WorkerSettings.from_env(env), redactor))
    except (InvalidSettings, BrowserUnavailable) as error:
        log.critical("worker_cannot_start", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
