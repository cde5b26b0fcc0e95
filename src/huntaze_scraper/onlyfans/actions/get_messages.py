"""get_messages: what was written in a conversation since a message, read on where an earlier attempt stopped."""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from huntaze_scraper.errors import SlowDown
from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.actions.conversation import CursorGone
from huntaze_scraper.onlyfans.run import Run

MOST_MESSAGES = 10_000
"""In one result; the newest are taken."""
PARTS = "parts"
"""Name in the progress: the files that hold what was read, the newest messages first."""

type Messages = list[dict[str, str]]


async def get_messages(run: Run) -> Mapping[str, Any]:
    """Read the conversation with the fan ``user_id``, back to the message ``since`` or to its beginning.

    The result's ``newest_id`` is what the next job gives as ``since``. What was read is kept page by page, so that
    an attempt goes on where the one before it stopped, whyever that was.
    """
    messages = await _read_before(run)
    try:
        return await _read_on(run, messages)
    except CursorGone:
        if not messages:
            raise
        await run.once.keep({})
        return await _read_on(run, [])


async def _read_on(run: Run, messages: Messages) -> Mapping[str, Any]:
    fan, since = run.job.payload["user_id"], run.job.payload.get("since")
    known, met_since, has_more, advanced = [each["id"] for each in messages], False, True, False
    try:
        await run.pace()
        async for page in conversation.pages(run.tab, fan, run.seconds, known):
            ids = [message["id"] for message in page.messages]
            met_since = since in ids
            new = [_of(message) for message in page.messages[: ids.index(since) if met_since else None]]
            messages += new
            has_more = page.has_more and not met_since
            if not has_more or len(messages) >= MOST_MESSAGES:
                break
            await _keep(run, new)
            advanced = True
            await run.pace()
    except SlowDown as error:
        error.advanced = advanced
        raise
    is_complete = not has_more and len(messages) <= MOST_MESSAGES
    del messages[MOST_MESSAGES:]
    return {
        "fan": fan,
        "since": since,
        "newest_id": messages[0]["id"] if messages else since,
        "is_complete": is_complete,
        "messages": messages[::-1],
    }


async def _read_before(run: Run) -> Messages:
    """Return what earlier attempts read, the newest first; nothing where a part of it is gone."""
    bodies = await asyncio.gather(*(run.artifacts.part(name) for name in run.once.progress.get(PARTS, ())))
    if None in bodies:
        await run.once.keep({})
        return []
    return [message for body in bodies for message in json.loads(body or b"[]")]


async def _keep(run: Run, messages: Messages) -> None:
    """Keep a page. Its name is new: who lost the lease meanwhile overwrites nothing that another has read."""
    parts: Sequence[str] = run.once.progress.get(PARTS, ())
    name = f"{len(parts) + 1:04d}-{uuid.uuid4().hex[:12]}.json"
    await run.artifacts.keep_part(name, json.dumps(messages).encode())
    await run.once.keep({PARTS: [*parts, name]})


def _of(message: conversation.Message) -> dict[str, str]:
    return {name: message[name] for name in ("id", "author", "text", "created_at")}
