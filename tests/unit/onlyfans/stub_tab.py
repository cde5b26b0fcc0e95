"""A tab whose site is a list of messages in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from huntaze_scraper.errors import Refused
from huntaze_scraper.onlyfans.outbox import Posting
from huntaze_scraper.onlyfans.sight import Seen, Texts
from huntaze_scraper.onlyfans.site import Element, Site
from huntaze_scraper.onlyfans.tab import Answer

type Message = dict[str, str]


def time_of(number: int) -> str:
    """Return when the message of that number was written, unless something else is said."""
    return f"2025-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000Z"


def written(*messages: tuple[str, str]) -> list[Message]:
    """Return a conversation, oldest first, of (author, text)."""
    return [
        {"id": str(number), "author": author, "text": text, "created_at": time_of(number)}
        for number, (author, text) in enumerate(messages, 1)
    ]


@dataclass
class StubTab:
    """Knows one conversation; a click sends what was typed."""

    conversation: list[Message] = field(default_factory=list)
    fails: dict[str, BaseException] = field(default_factory=dict)
    """What is raised, once, by the method of that name; a post has its effect first, a post_unseen has none."""
    typed: str = ""
    clicks: int = 0
    posts: int = 0
    newest: int = 0
    """The number of the last message that arrived: no other will have it."""
    makes_of: Callable[[str], str] = str
    """What the site makes of a text that it takes."""
    date: str = ""
    requests: list[str] = field(default_factory=list)
    texts: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    locale: str = "en-US"
    time_zone: str = "UTC"
    was_doubtful: bool = False
    truncates_at: int | None = None
    site: Site = field(default_factory=lambda: Site("https://onlyfans.com"))

    @asynccontextmanager
    async def within(self, _seconds: float, _request: str) -> AsyncIterator[None]:
        yield

    async def aside[Kept](self, ours: Callable[[], Awaitable[Kept]]) -> Kept:
        return await ours()

    async def open(self, url: str) -> None:
        self.requests.append(url)
        self._fail("open")

    async def fill(self, _selector: str, text: str) -> str:
        self.typed = text[: self.truncates_at].replace("\r\n", "\n").replace("\r", "\n")
        return self.typed

    async def compose(self, _selector: str, path: str) -> Posting:
        self.clicks += 1
        self._fail("compose")
        return Posting(path, {}, self.typed.encode())

    async def post(self, posting: Posting, _path: str) -> Answer:
        self.posts += 1
        if "post_unseen" in self.fails:
            self._fail("post_unseen")
        message = self.arrive(self.makes_of(posting.body.decode()))
        self._fail("post")
        return Answer(201, message)

    def arrive(self, text: str, author: str = "me", created_at: str | None = None) -> Message:
        """Add a message to the conversation."""
        self.newest = number = max([self.newest, *(int(each["id"]) for each in self.conversation)]) + 1
        written = time_of(number) if created_at is None else created_at
        message = {"id": str(number), "author": author, "text": text, "created_at": written}
        self.conversation.append(message)
        return message

    async def get(self, url: str, seconds: float) -> Answer:
        return Answer(200, await self.get_json(url, seconds), self.date)

    async def get_json(self, url: str, _seconds: float) -> Any:
        self.requests.append(url)
        self._fail("get_json")
        query = parse_qs(urlsplit(url).query)
        limit, before = int(query["limit"][0]), query.get("before", [None])[0]
        end = next((at for at, each in enumerate(self.conversation) if each["id"] == before), len(self.conversation))
        start = max(end - limit, 0)
        return {"messages": self.conversation[start:end][::-1], "has_more": start > 0}

    async def read(self, elements: Mapping[str, Element], is_doubtful: Callable[[Texts], bool]) -> Texts:
        shown = {name: self.texts.get(element.selector) for name, element in elements.items()}
        texts = {name: None if text is None else Seen(text, self.language) for name, text in shown.items()}
        self.was_doubtful = is_doubtful(texts)
        return texts

    async def screenshot(self) -> bytes:
        return b"PNG"

    def _fail(self, method: str) -> None:
        error = self.fails.pop(method, None)
        if error:
            raise error


def no_such_fan() -> Refused:
    """What the site says of a fan who does not exist."""
    return Refused("the site refuses", status=404)
