"""send_message: a fan gets the text exactly once, whatever dies in between."""

import asyncio
import unicodedata
from collections.abc import Mapping
from typing import Any

from huntaze_scraper.errors import PageBroken, Refused
from huntaze_scraper.onlyfans import site
from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.actions.run import Run

NEWEST = "newest"
"""Name in the mark: the id of the last message before the first click, empty for an empty conversation."""


async def send_message(run: Run) -> Mapping[str, Any]:
    """Send ``message_content`` to the fan ``user_id``, unless an earlier attempt did.

    Where an earlier attempt may have clicked, the conversation is read first: our
    text after the message that was the newest before that click is the one sent.
    """
    fan, text = run.job.payload["user_id"], run.job.payload["message_content"]
    if run.once.mark is not None:
        earlier = await _sent_earlier(run, fan, text, run.once.mark[NEWEST])
        if earlier:
            return _data(fan, earlier["id"], earlier["created_at"], found=True)
    async with run.tab.within(run.seconds, f"GET /my/chats/chat/{fan}"):
        newest, _ = await asyncio.gather(
            conversation.newest_id(run.tab, fan, run.seconds), run.tab.open(run.tab.site.chat(fan))
        )
        await run.tab.find(site.CHAT_INPUT)
        _, held = await asyncio.gather(run.once.record({NEWEST: newest or ""}), run.tab.fill(site.CHAT_INPUT, text))
        if comparable(held) != comparable(text):
            raise Refused("the site's input does not take the whole text", request=f"GET /my/chats/chat/{fan}")
        answer = await run.tab.click_for(site.CHAT_SEND, run.tab.site.messages_path(fan))
    try:
        return _data(fan, str(answer.body["id"]), str(answer.body["created_at"]), found=False)
    except (KeyError, TypeError):
        raise PageBroken("the answer has another form", request=f"POST {run.tab.site.messages_path(fan)}") from None


async def _sent_earlier(run: Run, fan: str, text: str, newest_before: str) -> Mapping[str, Any] | None:
    """Find the first message of ours with this text after the one that was the newest before the click."""
    found = None
    async for message in conversation.newest_first(run.tab, fan, run.seconds):
        if message["id"] == newest_before:
            break
        if message["author"] == site.AUTHOR_ME and comparable(message["text"]) == comparable(text):
            found = message
    return found


def comparable(text: str) -> str:
    """Return the text without what sites and text areas change: line ends, outer spaces, composed letters."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _data(fan: str, message_id: str, sent_at: str, *, found: bool) -> Mapping[str, Any]:
    return {"fan": fan, "message_id": message_id, "sent_at": sent_at, "found_in_conversation": found}
