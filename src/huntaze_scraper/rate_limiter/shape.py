"""What the log tells of a job's form, so that a job of the same form can be made when its message is gone."""

import hashlib
from typing import Any

from huntaze_scraper.jobs import Job, Priority
from huntaze_scraper.text_shape import kinds_of


def of(job: Job) -> dict[str, Any]:
    """Return the priority, how long its text is and of which kinds, how many files: nothing that it says.

    ``fan`` tells one conversation of the account from another, and not whose it is.
    """
    told: dict[str, Any] = {}
    if job.priority is not Priority.NORMAL:
        told["priority"] = str(job.priority)
    fan = job.payload.get("user_id")
    if fan and fan != job.account:
        told["fan"] = conversation(job.account, fan)
    text = job.payload.get("message_content")
    if text and job.action == "send_message":
        told["text_length"] = len(text)
        if kinds := kinds_of(text):
            told["kinds"] = kinds
    if job.action == "download_media":
        told["media"] = len(job.payload["media_urls"])
    return told


def conversation(account: str, fan: str) -> str:
    """Return what stands for a fan of an account in the log."""
    return hashlib.sha256(f"{account}\0{fan}".encode()).hexdigest()[:12]
