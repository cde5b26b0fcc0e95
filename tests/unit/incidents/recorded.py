"""What a recording holds, in few words."""

from typing import Any

from huntaze_scraper.operations.incident.bundle import Answer, Ending

POST, CHAT = ("POST", "/api/chats/{fan}/messages"), ("GET", "/my/chats/chat/{fan}")


def answer(
    at_seconds: float,
    status: int,
    request: tuple[str, str] = POST,
    *,
    account: str = "acct-1",
    nth: int = 1,
    retry_after: str = "",
    wait: float = 0.04,
    **more: Any,
) -> Answer:
    """What the site answered; seconds."""
    method, url = request
    headers = [{"name": "Retry-After", "value": retry_after}] if retry_after else []
    return Answer(
        at_seconds=at_seconds,
        account=account,
        job_id="",
        request={"method": method, "url": url, "bodySize": -1},
        response={"status": status, "headers": headers, "content": {"size": -1, "mimeType": ""}, **more},
        timings={"wait": wait * 1000, "receive": 1},
        time=wait * 1000 + 1,
        nth=nth,
    )


def ending(
    job_id: str, end: Any = "done", *, at: float | None = 10.0, attempts: int = 1, account: str = "acct-1"
) -> Ending:
    """How a job ended."""
    return Ending(job_id=job_id, account=account, end=end, at_seconds=at, attempts=attempts)
