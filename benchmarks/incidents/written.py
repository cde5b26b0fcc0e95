"""What jobs that went through leave behind, as the pipeline writes it: log lines and items, written instead of lived."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

from huntaze_scraper import names
from huntaze_scraper.operations.target import Target

EVENTS_A_CALL = 1_500
ITEMS_A_CALL = 25
WORK_SECONDS = 1.0
"""From a job's sending to its end."""
KEPT_SECONDS = 86_400

type Tell = Callable[[str], None]
type Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Written:
    """Messages that were sent at equal distances, and went through at once."""

    begins: float
    """When the first was sent, seconds since the epoch."""
    seconds: float
    """Over which they were sent."""
    jobs: int
    accounts: int

    def job_id(self, number: int) -> str:
        """Return a job's id."""
        return hashlib.sha256(f"job {number}".encode()).hexdigest()

    def sent(self, number: int) -> float:
        """Return when a job was sent."""
        return self.begins + number * self.seconds / self.jobs

    def account(self, number: int) -> str:
        """Return whose it is."""
        return f"creator-{1 + number % self.accounts:02}"

    def write(self, target: Target, tell: Tell) -> int:
        """Put lines and items where the pipeline puts them, and return how many lines."""
        written = 0
        for group, lines_of in {target.limiter_logs: self._limiter, names.SCRAPER_LOGS: self._scraper}.items():
            stream = f"bench/{int(self.begins)}"
            target.clients.logs.create_log_stream(logGroupName=group, logStreamName=stream)
            events = (event for number in range(self.jobs) for event in self._events(number, lines_of(number)))
            for some in batched(events, EVENTS_A_CALL, strict=False):
                target.clients.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=list(some))
                written += len(some)
                tell(f"{written} log lines written")
        for some in batched(range(self.jobs), ITEMS_A_CALL // 2, strict=False):
            puts: Any = [{"PutRequest": {"Item": it}} for number in some for it in self._items(number)]
            target.clients.dynamodb.batch_write_item(RequestItems={target.state_table: puts})
        return written

    def _events(self, number: int, lines: Iterator[Record]) -> Iterator[Any]:
        common = {
            "job_id": self.job_id(number),
            "creator_id": self.account(number),
            "action": "send_message",
            "correlation_id": f"order-{number}",
            "message_id": f"message-{number}",
            "level": "info",
            "status": "running",
        }
        for place, line in enumerate(lines):
            at = self.sent(number) + (1 + place) * WORK_SECONDS / 10
            yield {"timestamp": int(at * 1000), "message": json.dumps(common | line)}

    def _limiter(self, number: int) -> Iterator[Record]:
        yield {
            "message": "rate limit decision",
            "service": "rate-limiter",
            "receive_count": 1,
            "tokens_remaining": 9,
            "forwarding": "forwarded",
            "forwarded": True,
            "allowed": True,
            "text_length": 20,
            "sent_at": int(self.sent(number) * 1000),
            "fan": f"fan-{1 + number % 10:03}",
        }

    def _scraper(self, _number: int) -> Iterator[Record]:
        chat = "/api/chats/{fan}/messages"
        yield {"event": "attempt_begins", "attempt": 1, "waited_ms": 20, "timeout_seconds": 30.0}
        for method, path, status in (("GET", "/my/chats/chat/{fan}", 200), ("GET", chat, 200), ("POST", chat, 201)):
            told = {"method": method, "path": path, "http_status": status, "first_byte_ms": 8, "total_ms": 40}
            sizes = {"sent_bytes": 36 * (method == "POST"), "received_bytes": 160, "content_type": "application/json"}
            yield {"event": "site_answered", **told, **sizes}
        yield {"event": "object_kept", "content_type": "application/json", "bytes": 400, "duration_ms": 30}
        yield {"event": "job_ended", "status": "succeeded", "duration_ms": 900, "receive_count": 1}
        yield {"event": "message_deleted", "status": "succeeded"}

    def _items(self, number: int) -> Iterator[Record]:
        job_id, sent = self.job_id(number), self.sent(number)
        common = {"account": {"S": self.account(number)}, "expires_at": {"N": str(int(sent) + KEPT_SECONDS)}}
        yield {
            **common,
            "pk": {"S": f"job#{job_id}"},
            "state": {"S": "done"},
            "attempts": {"N": "1"},
            "ended_at": {"N": str(sent + WORK_SECONDS)},
        }
        yield {
            **common,
            "pk": {"S": f"slot#{job_id}"},
            "message_id": {"S": f"message-{number}"},
            "sent_at": {"N": str(int(sent * 1000))},
            "forwarded_at": {"N": str(int(sent * 1000) + 100)},
        }
