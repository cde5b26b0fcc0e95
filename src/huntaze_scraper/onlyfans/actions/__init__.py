"""The four actions: each takes the job's payload and returns the data of its result."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from huntaze_scraper.onlyfans.actions.run import Run
from huntaze_scraper.onlyfans.actions.scrape_profile import scrape_profile
from huntaze_scraper.onlyfans.actions.send_message import send_message

type ActionFunction = Callable[[Run], Awaitable[Mapping[str, Any]]]

ACTIONS: Mapping[str, ActionFunction] = {
    "send_message": send_message,
    "scrape_profile": scrape_profile,
}
