"""send_message: a fan gets the text exactly once, whatever dies in between."""

import asyncio
import unicodedata
from collections.abc import Mapping
from typing import Any

from huntaze_scraper.errors import OddPage, Refused
from huntaze_scraper.onlyfans import site
from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.run import Run

NEWEST = "newest"
"""Name in the mark: the id of the last message before the first click, empty for an empty conversation."""
LOOK_AGAIN_SECONDS = 2.0


async def send_message(run: Run) -> Mapping[str, Any]:
    """Send ``message_content`` to the fan ``user_id``, unless an earlier attempt did.

    Where an earlier attempt may have clicked, the conversation is read first: our
    text after the message that was the newest before that click is the one sent.
    """
    earlier = await _sent_earlier(run)
    if earlier is not None:
        return _data(run, earlier, found=True)
    fan, text = run.job.payload["user_id"], run.job.payload["message_content"]
    request = f"POST {run.tab.site.messages_path(fan)}"
    async with run.tab.within(run.seconds, request):
        newest, _ = await asyncio.gather(
            conversation.newest_id(run.tab, fan, run.seconds), run.tab.open(run.tab.site.chat(fan))
        )
        held, _ = await asyncio.gather(run.tab.fill(site.CHAT_INPUT, text), run.once.record({NEWEST: newest or ""}))
        if comparable(held) != comparable(text):
            raise Refused("the site's input does not take the whole text", request=request)
        await run.turn.keep()
        answer = await run.tab.click_once(site.CHAT_SEND, run.tab.site.messages_path(fan))
        if not isinstance(answer.body, dict) or not {"id", "created_at"} <= answer.body.keys():
            raise OddPage("the answer has another form", request=request)
    return _data(run, answer.body, found=False)


async def _sent_earlier(run: Run) -> Mapping[str, Any] | None:
    """Find the message that an earlier attempt may have sent, waiting a while for one that is still under way."""
    if run.once.mark is None:
        return None
    until = run.clock.monotonic() + run.settle_seconds
    while True:
        found = await _find(run, run.once.mark[NEWEST])
        if found is not None or run.clock.monotonic() >= until:
            return found
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _find(run: Run, newest_before: str) -> Mapping[str, Any] | None:
    """Return the first message of ours with the job's text after the one that was the newest before the click."""
    fan, text = run.job.payload["user_id"], comparable(run.job.payload["message_content"])
    found = None
    async for message in conversation.newest_first(run.tab, fan, run.seconds):
        if message["id"] == newest_before:
            break
        if message["author"] == site.AUTHOR_ME and comparable(message["text"]) == text:
            found = message
    return found


def comparable(text: str) -> str:
    """Return the text without what sites and text areas change: line ends, outer spaces, composed letters."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _data(run: Run, message: Mapping[str, Any], *, found: bool) -> Mapping[str, Any]:
    return {
        "fan": run.job.payload["user_id"],
        "message_id": str(message["id"]),
        "sent_at": str(message["created_at"]),
        "found_in_conversation": found,
    }
