"""What tests of the console share: a job, and how a page of it is asked and read."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS = 60_000
HOSTILE = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
HOSTILE_NAME = "<script>window.hacked=1</script>"
"""A name that the job's schema lets pass."""
expect.set_options(timeout=PATIENCE_MS)

type OpenPage = Callable[[str], Page]


def message(text: str = "Hi", creator: str = "creator-01", fan: str = "fan-001", **more: Any) -> dict[str, Any]:
    """Return a job."""
    return {"action": "send_message", "creator_id": creator, "user_id": fan, "message_content": text, **more}


def profile(path: str = "/creator-02", creator: str = "creator-01") -> dict[str, Any]:
    """Return a job that reads a page, takes pictures of it, and writes them to S3."""
    return {"action": "scrape_profile", "creator_id": creator, "profile_url": path}


def said(page: Page) -> Locator:
    """Return where the page says what it did."""
    return page.get_by_role("status")


def press(page: Page, button: str) -> None:
    """Press a button of that very name."""
    page.get_by_role("button", name=button, exact=True).click()
