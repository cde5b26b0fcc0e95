"""The four actions: each takes the job's payload and returns the data of its result."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from huntaze_scraper.onlyfans.actions.download_media import DownloadMedia
from huntaze_scraper.onlyfans.actions.get_messages import get_messages
from huntaze_scraper.onlyfans.actions.scrape_profile import scrape_profile
from huntaze_scraper.onlyfans.actions.send_message import send_message
from huntaze_scraper.onlyfans.media_fetch import MediaFetch
from huntaze_scraper.onlyfans.run import Run

type ActionFunction = Callable[[Run], Awaitable[Mapping[str, Any]]]


def actions(media: MediaFetch) -> Mapping[str, ActionFunction]:
    """Return the actions by the names that jobs give them."""
    return {
        "send_message": send_message,
        "scrape_profile": scrape_profile,
        "download_media": DownloadMedia(media),
        "get_messages": get_messages,
    }
