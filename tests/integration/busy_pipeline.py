"""A pipeline that has met nearly everything: jobs of every action, every kind of the site's errors, bad messages."""

from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from tests.patience import until

CREATORS = tuple(f"creator-{number:02}" for number in range(1, 7))
RATE_LIMITED, FAILING_ONCE, REFUSED, CHALLENGED, LOST, WELL = CREATORS
FAULTS: dict[str, tuple[dict[str, Any], int]] = {
    RATE_LIMITED: ({"kind": "status", "status": 429, "retry_after": 5}, 1),
    FAILING_ONCE: ({"kind": "status", "status": 503}, 1),
    REFUSED: ({"kind": "status", "status": 404}, 1),
    CHALLENGED: ({"kind": "challenge"}, 1),
    LOST: ({"kind": "status", "status": 500}, 100),
}
"""What each creator's next messages meet, and how many of them."""


def make_busy(pipeline: Pipeline, site: SiteControl) -> None:
    """Send the jobs, and wait until each has ended: done, refused or set aside."""
    talkative = max(_fans(site, WELL), key=lambda it: int(it["message_count"]))["username"]
    site.faults(
        # A reading that is told to slow down in the middle, and goes on from there.
        {
            "match": {"method": "GET", "path": f"/api/chats/{talkative}/messages", "account": WELL, "nth": [3]},
            "fault": {"kind": "status", "status": 429, "retry_after": 5},
        },
        *(
            {
                "match": {"method": "POST", "path": "/api/chats/*/messages", "account": it},
                "fault": fault,
                "times": times,
            }
            for it, (fault, times) in FAULTS.items()
        ),
    )
    sent = [_message(pipeline, creator) for creator in (RATE_LIMITED, FAILING_ONCE, REFUSED, WELL)]
    _message(pipeline, CHALLENGED)
    # More than the rate allows: some are told to wait.
    sent += [
        pipeline.send({"action": "scrape_profile", "creator_id": WELL, "profile_url": f"/{creator}"})
        for creator in CREATORS
    ]
    sent += [
        _media(pipeline, site),
        pipeline.send({"action": "get_messages", "creator_id": WELL, "user_id": talkative}),
    ]
    pipeline.clients.sqs.send_message(QueueUrl=pipeline.run.ingress_queue_url, MessageBody="not a job")
    pipeline.await_results(sent, 240)
    until(lambda: pipeline.journal(pipeline.run.ingress_dlq_url), 60, "the bad message in the DLQ")
    # By itself: while the circuit breaker is open, nobody's failures count.
    _message(pipeline, LOST)
    until(lambda: pipeline.journal(pipeline.run.workflows_dlq_url), 240, "the failing job in the DLQ")


def _message(pipeline: Pipeline, creator: str) -> SentJob:
    return pipeline.send(
        {"action": "send_message", "creator_id": creator, "user_id": "fan-001", "message_content": "Hello"}
    )


def _fans(site: SiteControl, username: str) -> list[dict[str, Any]]:
    return next(list(it["fans"]) for it in site.accounts() if it["username"] == username)


def _media(pipeline: Pipeline, site: SiteControl) -> SentJob:
    account = next(it for it in site.accounts() if it["username"] == WELL)
    return pipeline.send(
        {
            "action": "download_media",
            "creator_id": WELL,
            "media_urls": [f"{site.url}/media/{it['name']}" for it in account["media"][:2]],
        }
    )
