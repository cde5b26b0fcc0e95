"""Reading a conversation through the site's API: each message once, in bounded time and number."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from huntaze_scraper.errors import NoAnswer, OddPage, Refused
from huntaze_scraper.onlyfans.effects import Mark
from huntaze_scraper.onlyfans.tab import Tab

PAGE_SIZE = 50
MOST_PAGES = 1_000
"""In one reading: 10,000 messages of a site that gives ten at a time."""
LONGEST_SECONDS = 900.0
"""Of one reading, whatever the site takes over each page."""
CURSORS = (-1, -2, -5, -20, -49)
"""Which of the messages read may be the cursor: one that was deleted since is none any more."""
UNKNOWN_CURSOR = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY}
)

type Message = Mapping[str, Any]


class CursorGone(OddPage):
    """The site knows none any more of the messages after which the reading would go on: begin anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages, the newest first, and whether the site says that there are older ones."""

    messages: Sequence[Message]
    has_more: bool


async def mark(tab: Tab, fan: str, seconds: float) -> Mark:
    """Return where the conversation ends, by the site's own ids and times."""
    answer = await tab.get(tab.site.messages(fan, 1), seconds)
    messages = _page(answer.body, _request(tab, fan)).messages
    newest = messages[0] if messages else {"id": "", "created_at": ""}
    return Mark(newest["id"], newest["created_at"], answer.date)


async def newest_first(
    tab: Tab, fan: str, seconds: float, longest_seconds: float = LONGEST_SECONDS
) -> AsyncIterator[Message]:
    """Yield the conversation's messages, the newest first; bounds and errors are those of ``pages``."""
    async for page in pages(tab, fan, seconds, longest_seconds=longest_seconds):
        for message in page.messages:
            yield message


async def pages(
    tab: Tab, fan: str, seconds: float, known: Iterable[str] = (), longest_seconds: float = LONGEST_SECONDS
) -> AsyncIterator[Page]:
    """Yield what is new of each page of the conversation.

    Args:
        tab: where to ask.
        fan: the other side.
        seconds: how long the site may take over a page.
        known: the ids that were read before, the newest first; the reading goes on after the last of them.
        longest_seconds: how long all of it may take.

    Raises:
        OddPage: the site says that there is more and does not go on, or never comes to an end.
        NoAnswer: it takes too long.
    """
    read = list(known)
    seen, until = set(read), time.monotonic() + longest_seconds
    for _ in range(MOST_PAGES):
        if time.monotonic() > until:
            raise NoAnswer("the conversation takes too long", request=_request(tab, fan))
        page = await _after(tab, fan, read, seconds)
        new = [*{message["id"]: message for message in page.messages if message["id"] not in seen}.values()]
        if page.has_more and not new:
            raise OddPage("the site says that there are more messages, and shows none", request=_request(tab, fan))
        read += [message["id"] for message in new]
        seen.update(read[-len(new) :] if new else ())
        yield Page(new, page.has_more)
        if not page.has_more:
            return
    raise OddPage(f"the conversation does not end after {MOST_PAGES} pages", request=_request(tab, fan))


async def _after(tab: Tab, fan: str, read: Sequence[str], seconds: float) -> Page:
    """Return the page after the last message read, or after one before it where that is deleted."""
    if not read:
        return await _ask(tab, fan, PAGE_SIZE, None, seconds)
    for place in CURSORS:
        if -place > len(read):
            break
        try:
            return await _ask(tab, fan, PAGE_SIZE, read[place], seconds)
        except Refused as refusal:
            if refusal.status not in UNKNOWN_CURSOR:
                raise
    raise CursorGone("the site does not know any more where the reading stopped", request=_request(tab, fan))


async def _ask(tab: Tab, fan: str, limit: int, before: str | None, seconds: float) -> Page:
    return _page(await tab.get_json(tab.site.messages(fan, limit, before), seconds), _request(tab, fan))


def _page(answer: Any, request: str) -> Page:
    try:
        whole = isinstance(answer["has_more"], bool) and all(
            isinstance(each[name], str) and (each[name] or name == "text")
            for each in answer["messages"]
            for name in ("id", "author", "text", "created_at")
        )
    except (KeyError, TypeError):
        whole = False
    if not whole:
        raise OddPage("the conversation has another form", request=request)
    return Page(answer["messages"], answer["has_more"])


def _request(tab: Tab, fan: str) -> str:
    return f"GET {tab.site.messages_path(fan)}"
