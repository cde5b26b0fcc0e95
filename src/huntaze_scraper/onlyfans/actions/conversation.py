"""Reading a conversation through the site's API."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from huntaze_scraper.errors import PageBroken
from huntaze_scraper.onlyfans.tab import Tab

PAGE_SIZE = 50


async def newest_id(tab: Tab, fan: str, seconds: float) -> str | None:
    """Return the id of the conversation's last message, None where it is empty."""
    page = await _page(tab, fan, 1, None, seconds)
    return page["messages"][0]["id"] if page["messages"] else None


async def newest_first(tab: Tab, fan: str, seconds: float) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the conversation's messages, the newest first, page by page."""
    before = None
    while True:
        page = await _page(tab, fan, PAGE_SIZE, before, seconds)
        for message in page["messages"]:
            yield message
        if not page["has_more"] or not page["messages"]:
            return
        before = page["messages"][-1]["id"]


async def _page(tab: Tab, fan: str, limit: int, before: str | None, seconds: float) -> Mapping[str, Any]:
    page = await tab.get_json(tab.site.messages(fan, limit, before), seconds)
    try:
        whole = isinstance(page["has_more"], bool) and all(
            isinstance(each[name], str) for each in page["messages"] for name in ("id", "author", "text", "created_at")
        )
    except (KeyError, TypeError):
        whole = False
    if not whole:
        raise PageBroken("the conversation has another form", request=f"GET {tab.site.messages_path(fan)}")
    return {"messages": page["messages"], "has_more": page["has_more"]}
