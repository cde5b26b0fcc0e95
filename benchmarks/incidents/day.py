"""One job among a day's 14,400: what it costs to capture it, on the emulator. The day's lines and items are written, not lived."""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path
from typing import Any

from emulator.console.reading.place import target_of
from emulator.harness.harness import Harness, Options
from emulator.harness.run_file import Run
from huntaze_scraper import names
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.writing import write_bundle
from huntaze_scraper.operations.target import Target

JOBS = 14_400
DAY_SECONDS = 86_400
ACCOUNTS = 100
EVENTS_A_CALL = 1_500
ITEMS_A_CALL = 25
_WANTED = JOBS // 2

type Tell = Callable[[str], None]


def measure(tell: Tell, count: int = JOBS) -> dict[str, float]:
    """Return seconds, calls and bytes of one capture, and how many jobs and log lines lay there."""
    with Harness(Options(speed=1.0), tell) as harness:
        target = target_of(harness.run)
        now = target.now().timestamp()
        lines = _fill(harness.run, target, now, count, tell)
        calls: list[str] = []
        for client in _clients(target):
            client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        question = Question.read(
            target.now(), job=_job_id(min(_WANTED, count - 1)), creator="", alarm="", since="25h", until=""
        )
        begun = time.monotonic()
        bundle = capture(target, question, tell)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "incident.zip")
            write_bundle(bundle, path)
            seconds, size = time.monotonic() - begun, path.stat().st_size
    return {"jobs": count, "lines": lines, "seconds": round(seconds, 2), "calls": len(calls), "bytes": size}


def _clients(target: Target) -> list[Any]:
    it = target.clients
    return [
        *(it.autoscaling, it.cloudformation, it.cloudwatch, it.dynamodb),
        *(it.ecs, it.lambda_, it.logs, it.s3, it.sqs),
    ]


def _fill(run: Run, target: Target, now: float, count: int, tell: Tell) -> int:
    groups = {target.limiter_logs: _limiter, names.SCRAPER_LOGS: _scraper}
    written = 0
    for group, lines_of in groups.items():
        stream = f"bench/{int(now)}"
        target.clients.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = (event for number in range(count) for event in _events(number, now, count, lines_of))
        for some in batched(events, EVENTS_A_CALL, strict=False):
            target.clients.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=list(some))
            written += len(some)
            tell(f"{written} log lines written")
    for numbers in batched(range(count), ITEMS_A_CALL, strict=False):
        puts: Any = [{"PutRequest": {"Item": _item(number, now, count)}} for number in numbers]
        target.clients.dynamodb.batch_write_item(RequestItems={run.state_table: puts})
    return written


def _events(
    number: int, now: float, count: int, lines_of: Callable[[], Iterator[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    at = now - DAY_SECONDS + number * DAY_SECONDS / count
    common = {
        "job_id": _job_id(number),
        "creator_id": f"creator-{number % ACCOUNTS:03}",
        "action": "send_message",
        "correlation_id": f"order-{number}",
        "message_id": f"message-{number}",
        "level": "info",
        "status": "running",
    }
    for place, line in enumerate(lines_of()):
        yield {"timestamp": int((at + place) * 1000), "message": json.dumps(common | line)}


def _limiter() -> Iterator[dict[str, Any]]:
    yield {"message": "rate limit decision", "forwarding": "forwarded", "allowed": True, "receive_count": 1}


def _scraper() -> Iterator[dict[str, Any]]:
    yield {"event": "attempt_begins", "attempt": 1}
    for method, path in (("GET", "/my/chats/chat/{fan}"), ("GET", "/api/chats/{fan}/messages")):
        yield {"event": "site_answered", "method": method, "path": path, "http_status": 200, "total_ms": 40}
    path = "/api/chats/{fan}/messages"
    yield {"event": "site_answered", "method": "POST", "path": path, "http_status": 201, "total_ms": 60}
    yield {"event": "job_ended", "status": "succeeded", "duration_ms": 900, "receive_count": 1}
    yield {"event": "message_deleted"}


def _item(number: int, now: float, count: int) -> dict[str, Any]:
    ended = now - DAY_SECONDS + number * DAY_SECONDS / count + 5
    texts = {"pk": f"job#{_job_id(number)}", "state": "done", "account": f"creator-{number % ACCOUNTS:03}"}
    return {
        **{name: {"S": it} for name, it in texts.items()},
        "attempts": {"N": "1"},
        "ended_at": {"N": str(ended)},
        "expires_at": {"N": str(int(now) + DAY_SECONDS)},
    }


def _job_id(number: int) -> str:
    return hashlib.sha256(f"job {number}".encode()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(measure(lambda _: None)))
