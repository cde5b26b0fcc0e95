"""The list of jobs reads as little as a page needs, in the order of sending, whatever arrives meanwhile."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from emulator.console.reading.jobs import MOST_LOOKED_AT, PAGE, Filter, newest
from emulator.console.reading.place import Place
from emulator.harness.run_file import Run
from huntaze_scraper import jobs
from huntaze_scraper.operations.target import Target
from huntaze_scraper.state.keys import Kind
from tests.unit import aws

MANY = 2 * MOST_LOOKED_AT


class Journal(ThreadingHTTPServer):
    """Queues' journals, as the emulator serves them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.messages: dict[str, list[dict[str, Any]]] = {"ingress": [], "workflows": []}
        self.told = 0
        """How many messages were asked for in all."""

    def put(self, queue: str, body: str, deduplication_id: str = "") -> None:
        """Put one on a queue."""
        number = len(self.messages[queue])
        self.messages[queue].append(
            {"number": number, "message_id": f"m{number}", "body": body, "sent": 1000.0 + number, "first_received": 0}
            | {"deduplication_id": deduplication_id, "group_id": "", "receive_count": 0, "deleted": False}
            | {"attributes": {}, "hidden_until": 0}
        )

    def answer(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        """Return the messages that are meant."""
        found = self.messages[asked["queue"]][: int(asked.get("until", 0)) or None]
        ids = asked.get("deduplication", "").split(",")
        found = [it for it in found if it["deduplication_id"] in ids or "deduplication" not in asked]
        found = found[-int(asked.get("last", 0)) :]
        self.told += len(found)
        return found


class _Answer(BaseHTTPRequestHandler):
    server: Journal

    def do_GET(self) -> None:
        found = self.server.answer(dict(parse_qsl(urlsplit(self.path).query)))
        body = json.dumps({"messages": found, "count": len(found)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def journal() -> Iterator[Journal]:
    """MANY jobs, none forwarded yet."""
    served = Journal()
    for number in range(MANY):
        served.put("ingress", body(number))
    Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the empty table."""
    with aws.state_table(monkeypatch) as client:
        yield client


@pytest.fixture
def place(journal: Journal, dynamodb: Any) -> Place:
    """A harness's, whose table is empty."""
    told: dict[str, Any] = dict.fromkeys(Run.__dataclass_fields__.keys() - {"pid", "started", "clock_env"}, "x")
    run = Run(**told | {"aws_endpoint_url": f"http://127.0.0.1:{journal.server_port}", "ingress_queue_url": "/ingress"})
    target = Target(
        clients=aws.aws_clients(),
        ingress_queue_url="/ingress",
        ingress_dlq_url="/ingress-dlq",
        workflows_queue_url="/workflows",
        workflows_dlq_url="/workflows-dlq",
        results_bucket="results",
        state_table="state",
        lambda_function="limiter",
    )
    return Place(target=target, cluster="c", service="s", run=run)


def body(number: int) -> str:
    """Return a job."""
    return json.dumps(
        {
            "action": "send_message",
            "creator_id": f"creator-{number % 2}",
            "user_id": "fan",
            "message_content": f"{number}",
        }
        | {"timestamp": "2026-01-01T00:00:00Z"}
    )


def job_id(number: int) -> str:
    """Return a job's id."""
    return jobs.parse(body(number)).job_id


def end(dynamodb: Any, number: int, state: str) -> None:
    """Let a job have ended."""
    item = {"pk": {"S": Kind.JOB.key(job_id(number))}, "state": {"S": state}, "ended_at": {"N": "5000"}}
    dynamodb.put_item(TableName="state", Item=item)


def test_a_page_reads_a_page(place: Place, journal: Journal) -> None:
    """The newest first, and after each page the next, to the oldest."""
    first = newest(place, Filter())
    last = newest(place, Filter(), skip=MANY - 20)

    assert [it.job_id for it in first.rows] == [job_id(MANY - 1 - it) for it in range(PAGE)]
    assert [it.job_id for it in last.rows] == [job_id(19 - it) for it in range(20)]
    assert (first.has_more, last.has_more) == (True, False)
    assert journal.told <= 2 * (PAGE + 1)


def test_a_filter_looks_through_the_newest_and_no_further(place: Place) -> None:
    """Page by page; where none fits it is told how many were looked at."""
    of_one = Filter(account="creator-1")

    pages = [newest(place, of_one, skip=skip) for skip in (0, PAGE)]
    none = newest(place, Filter(state="dead"))

    assert [it.job_id for page in pages for it in page.rows] == [job_id(MANY - 1 - 2 * it) for it in range(2 * PAGE)]
    assert (list(none.rows), none.looked_at) == ([], MOST_LOOKED_AT)


def test_where_a_job_is_comes_from_its_queue_and_its_entry(place: Place, journal: Journal, dynamodb: Any) -> None:
    """It waits for its turn until it was forwarded, for a task until one has begun it, and then its entry tells."""
    end(dynamodb, MANY - 1, "done")
    journal.put("workflows", body(MANY - 2), job_id(MANY - 2))

    rows = newest(place, Filter(), most=3).rows

    assert [it.state for it in rows] == ["done", "waiting for a task", "waiting for its turn"]


def test_what_arrives_meanwhile_shows_no_job_twice(place: Place, journal: Journal, monkeypatch: Any) -> None:
    """While a filter goes from batch to batch."""
    answer = journal.answer

    def and_one_more(asked: dict[str, str]) -> list[dict[str, Any]]:
        found = answer(asked)
        if asked["queue"] == "ingress":
            journal.put("ingress", body(len(journal.messages["ingress"])))
        return found

    monkeypatch.setattr(journal, "answer", and_one_more)

    found = newest(place, Filter(account="creator-1"), most=200).rows

    assert len({it.job_id for it in found}) == len(found) == 200
