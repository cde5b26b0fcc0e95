"""A small bundle, made by hand: one creator's job meets a 429 and a 503, and goes through."""

from huntaze_scraper.operations.incident.bundle import (
    AlarmChange,
    Answer,
    Bundle,
    Ending,
    Expected,
    Happening,
    Line,
    Manifest,
    Missing,
    Reading,
    SentJob,
    StateItem,
    Verb,
)
from huntaze_scraper.operations.incident.reading import job_of

T0 = "2026-03-01T12:00:00+00:00"
ACCOUNT, FAN = "creator-0001-5f1c", "fan-0001-77ab"
BODY = {
    "action": "send_message",
    "creator_id": ACCOUNT,
    "user_id": FAN,
    "timestamp": "2026-03-01T12:00:00Z",
    "message_content": "Kamo beki 😊\r\nלנה",
    "metadata": {"correlation_id": "correlation-0001-09ce"},
}


def example() -> Bundle:
    """Return it."""
    job = job_of(BODY)
    assert job is not None

    def answer(at: float, status: int, *headers: dict[str, str], nth: int) -> Answer:
        return Answer(
            at_seconds=at,
            account=ACCOUNT,
            job_id=job.job_id,
            request={"method": "POST", "url": "/api/chats/{fan}/messages", "bodySize": 21},
            response={
                "status": status,
                "headers": [*headers],
                "content": {"size": 180, "mimeType": "application/json"},
            },
            timings={"wait": 40.0, "receive": 2.0},
            time=42.0,
            nth=nth,
        )

    return Bundle(
        manifest=Manifest(
            name="example",
            t0=T0,
            span_seconds=95.0,
            captured_at="2026-03-01T13:00:00+00:00",
            asked={"job": job.job_id},
            versions={"huntaze-scraper": "0.1.0"},
            digests={"template:HuntazeQueues": "0" * 64},
            settings={"RATE_LIMIT_CAPACITY": "10", "RATE_LIMIT_WINDOW_SECONDS": "60", "RATE_LIMIT_SCOPE": "pipeline"},
            redactions={"names": 4, "texts": 1},
            missing=(Missing(what="alarm history", why="cloudwatch:DescribeAlarmHistory is not allowed"),),
        ),
        jobs=(
            SentJob(
                at_seconds=1.0,
                queue="ingress",
                message_id="message-0001-1c2e",
                job_id=job.job_id,
                account=ACCOUNT,
                action=job.action,
                body=BODY,
            ),
        ),
        state=(
            StateItem(
                table="state",
                key=f"job#{job.job_id}",
                as_of="capture",
                item={"state": "done", "attempts": 2, "failures": 0, "rate_limits": 1},
            ),
        ),
        answers=(
            answer(3.0, 429, {"name": "Retry-After", "value": "30"}, nth=1),
            answer(35.0, 503, nth=2),
            answer(37.0, 200, nth=3),
        ),
        script=(Happening(at_seconds=20.0, verb=Verb.INTERRUPT_SPOT, arguments={"share": 1.0}),),
        lines=(
            Line(
                at_seconds=3.1,
                source="scraper",
                fields={
                    "event": "site_error",
                    "job_id": job.job_id,
                    "creator_id": ACCOUNT,
                    "error_class": "rate_limit",
                    "http_status": 429,
                    "duration_ms": 1500,
                },
            ),
        ),
        metrics=(Reading(at_seconds=60.0, metric="ApproximateNumberOfMessagesVisible", queue="workflows", value=0.0),),
        expected=Expected(
            jobs=(
                Ending(
                    job_id=job.job_id,
                    account=ACCOUNT,
                    end="done",
                    at_seconds=37.5,
                    attempts=2,
                    failures=0,
                    rate_limits=1,
                ),
            ),
            order={ACCOUNT: (job.job_id,)},
            alarms=(AlarmChange(at_seconds=90.0, alarm="onlyfans-429", before="OK", after="ALARM"),),
        ),
    )
