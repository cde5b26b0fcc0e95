"""A tab whose site is a list of messages in memory."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from huntaze_scraper.errors import Refused
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.onlyfans.tab import Answer

type Message = dict[str, str]


def written(*messages: tuple[str, str]) -> list[Message]:
    """Return a conversation, oldest first, of (author, text)."""
    return [
        {"id": str(number), "author": author, "text": text, "created_at": f"t-{number}"}
        for number, (author, text) in enumerate(messages, 1)
    ]


@dataclass
class StubTab:
    """Knows one conversation; a click sends what was typed."""

    conversation: list[Message] = field(default_factory=list)
    fails: dict[str, BaseException] = field(default_factory=dict)
    """What is raised, once, by the method of that name; a click has its effect first."""
    typed: str = ""
    clicks: int = 0
    requests: list[str] = field(default_factory=list)
    texts: Mapping[str, str] = field(default_factory=dict)
    truncates_at: int | None = None
    site: Site = field(default_factory=lambda: Site("https://onlyfans.com"))

    @asynccontextmanager
    async def within(self, _seconds: float, _request: str) -> AsyncIterator[None]:
        yield

    async def open(self, url: str) -> None:
        self.requests.append(url)
        self._fail("open")

    async def fill(self, _selector: str, text: str) -> str:
        self.typed = text[: self.truncates_at].replace("\r\n", "\n").replace("\r", "\n")
        return self.typed

    async def click_once(self, _selector: str, _path: str) -> Answer:
        self.clicks += 1
        number = len(self.conversation) + 1
        self.conversation.append({"id": str(number), "author": "me", "text": self.typed, "created_at": f"t-{number}"})
        self._fail("click_once")
        return Answer(201, {"id": str(number), "created_at": f"t-{number}", "text": self.typed})

    async def get_json(self, url: str, _seconds: float) -> Any:
        self.requests.append(url)
        self._fail("get_json")
        query = parse_qs(urlsplit(url).query)
        limit, before = int(query["limit"][0]), query.get("before", [None])[0]
        end = next((at for at, each in enumerate(self.conversation) if each["id"] == before), len(self.conversation))
        start = max(end - limit, 0)
        return {"messages": self.conversation[start:end][::-1], "has_more": start > 0}

    async def text(self, selector: str) -> str:
        return self.texts[selector]

    async def screenshot(self) -> bytes:
        return b"PNG"

    def _fail(self, method: str) -> None:
        error = self.fails.pop(method, None)
        if error:
            raise error


def no_such_fan() -> Refused:
    """What the site says of a fan who does not exist."""
    return Refused("the site refuses", status=404)
