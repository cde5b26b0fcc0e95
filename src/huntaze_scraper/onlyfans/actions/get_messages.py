"""get_messages: what was written in a conversation since a message."""

from collections.abc import Mapping
from typing import Any

from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.actions.run import Run

MOST_MESSAGES = 10_000
"""In one result; the newest are taken."""


async def get_messages(run: Run) -> Mapping[str, Any]:
    """Read the conversation with the fan ``user_id``, back to the message ``since`` or to its beginning.

    The result's ``newest_id`` is what the next job gives as ``since``.
    """
    fan, since = run.job.payload["user_id"], run.job.payload.get("since")
    messages: list[dict[str, Any]] = []
    is_complete = True
    async for message in conversation.newest_first(run.tab, fan, run.seconds):
        if message["id"] == since:
            break
        if len(messages) == MOST_MESSAGES:
            is_complete = False
            break
        messages.append({name: message[name] for name in ("id", "author", "text", "created_at")})
    return {
        "fan": fan,
        "since": since,
        "newest_id": messages[0]["id"] if messages else since,
        "is_complete": is_complete,
        "messages": messages[::-1],
    }
