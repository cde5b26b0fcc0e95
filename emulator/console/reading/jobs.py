"""Jobs, newest first, each with where it is and how it got there."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched, islice
from typing import Any

from botocore.exceptions import ClientError

from emulator.console.reading import journal
from emulator.console.reading.place import Place
from emulator.drawing.timeline import ENDED_STATES, FAILED_STATES
from emulator.drawing.way import Stations
from emulator.harness.run_file import Run
from huntaze_scraper.state.attributes import read_all
from huntaze_scraper.state.job_entry import KEPT_SECONDS
from huntaze_scraper.state.keys import Kind, name_of

PAGE = 50
MOST_LOOKED_AT = 2000
"""A filter that fits few jobs stops here, and says so."""
_BATCH = 100
"""Keys that one BatchGetItem takes."""
STATES = ("waiting for its turn", "waiting for a task", "running", "waiting", *ENDED_STATES, "refused")


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A job in the list."""

    job_id: str
    account: str
    action: str
    state: str
    stations: Stations
    priority: str = "normal"
    attempts: int = 0
    failures: int = 0
    result_key: str = ""
    error: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether it ended without success."""
        return self.state in (*FAILED_STATES, "refused")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which jobs are meant; an empty field means any."""

    account: str = ""
    action: str = ""
    state: str = ""
    text: str = ""
    """Part of an error's text, or of a job's id."""

    def takes(self, row: JobRow) -> bool:
        """Whether the job is meant."""
        return (
            self.account in ("", row.account)
            and self.action in ("", row.action)
            and self.state in ("", row.state)
            and (self.text.casefold() in row.error.casefold() or row.job_id.startswith(self.text))
        )


@dataclass(frozen=True, kw_only=True)
class JobList:
    """A page of them."""

    rows: Sequence[JobRow]
    has_more: bool
    looked_at: int


def newest(place: Place, wanted: Filter, skip: int = 0, most: int = PAGE) -> JobList:
    """Return a page of the jobs that are meant, after so many of them."""
    looked_at = 0
    is_any = wanted == Filter()

    def meant() -> Iterator[JobRow]:
        nonlocal looked_at
        for rows in _batches(place, skip, most + 1) if is_any else _batches(place, 0, _BATCH):
            for row in _with_errors(place, rows) if wanted.text else rows:
                looked_at += 1
                if wanted.takes(row):
                    yield row
            if looked_at >= MOST_LOOKED_AT + skip:
                return

    passed = 0 if is_any else skip
    found = list(islice(meant(), passed, passed + most + 1))
    return JobList(rows=_with_errors(place, found[:most]), has_more=len(found) > most, looked_at=looked_at)


def _batches(place: Place, skip: int, size: int) -> Iterator[Sequence[JobRow]]:
    """Return all jobs but the newest so many."""
    return _of_table(place, skip) if place.run is None else _of_harness(place, place.run, skip, size)


def _of_harness(place: Place, run: Run, skip: int, size: int) -> Iterator[Sequence[JobRow]]:
    """Read what was sent from the ingress queue's journal, and each job's state from the table."""
    for letters in journal.newest(run, place.target.ingress_queue_url, skip, size):
        ids = [it.job.job_id for it in letters if it.job]
        ledger = _items(place, [Kind.JOB.key(it) for it in ids])
        passed = journal.read(run, place.target.workflows_queue_url, deduplication=",".join(ids)) if ids else []
        forwarded = {it.deduplication_id: it for it in passed}
        yield [_row(it, ledger, forwarded) for it in letters]


def _row(
    letter: journal.Letter, ledger: Mapping[str, Mapping[str, Any]], forwarded: Mapping[str, journal.Letter]
) -> JobRow:
    job = letter.job
    if job is None:
        stations = Stations(sent=letter.sent, forwarded=letter.first_received, is_failed=True)
        return JobRow(job_id="", account="", action="", state="refused", stations=stations, error="not a valid job")
    item, on_way = ledger.get(Kind.JOB.key(job.job_id), {}), forwarded.get(job.job_id)
    state = str(item.get("state") or ("waiting for a task" if on_way else "waiting for its turn"))
    is_failed = state in FAILED_STATES
    return JobRow(
        job_id=job.job_id,
        account=job.account,
        action=job.action,
        priority=str(job.payload.get("metadata", {}).get("priority") or "normal"),
        state=state,
        stations=Stations(
            sent=letter.sent,
            forwarded=on_way.sent if on_way else 0.0,
            taken=on_way.first_received if on_way else 0.0,
            ended=float(item.get("ended_at") or 0) if state in ENDED_STATES else 0.0,
            is_failed=is_failed,
        ),
        attempts=int(item.get("attempts") or 0),
        failures=int(item.get("failures") or 0),
        result_key=str(item.get("result_key") or ""),
    )


def _of_table(place: Place, skip: int) -> Iterator[Sequence[JobRow]]:
    """Read the ledger alone, which on AWS is all that lists jobs: the newest of those that a bounded scan found."""
    dynamodb = place.target.clients.dynamodb
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=place.target.state_table,
        FilterExpression="begins_with(pk, :job)",
        ExpressionAttributeValues={":job": {"S": Kind.JOB.key("")}},
        PaginationConfig={"MaxItems": MOST_LOOKED_AT},
    )
    items = [read_all(item) for page in pages for item in page["Items"]]
    items.sort(key=lambda it: float(it.get("expires_at", 0)), reverse=True)
    for some in batched(items[skip:], _BATCH, strict=False):
        yield [_ledger_row(it) for it in some]


def _ledger_row(item: Mapping[str, Any]) -> JobRow:
    state = str(item.get("state", ""))
    return JobRow(
        job_id=name_of(str(item["pk"])),
        account=str(item.get("account", "")),
        action=str(item.get("action", "")),
        state=state,
        stations=Stations(
            taken=float(item.get("expires_at", 0)) - KEPT_SECONDS,
            ended=float(item.get("ended_at") or 0) if state in ENDED_STATES else 0.0,
            is_failed=state in FAILED_STATES,
        ),
        attempts=int(item.get("attempts") or 0),
        failures=int(item.get("failures") or 0),
        result_key=str(item.get("result_key") or ""),
    )


def _items(place: Place, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    table, found = place.target.state_table, dict[str, Mapping[str, Any]]()
    asked: Any = {table: {"Keys": [{"pk": {"S": key}} for key in dict.fromkeys(keys)]}} if keys else {}
    while asked:
        answer = place.target.clients.dynamodb.batch_get_item(RequestItems=asked)
        for item in map(read_all, answer["Responses"].get(table, [])):
            found[str(item["pk"])] = item
        asked = answer.get("UnprocessedKeys")
    return found


def _with_errors(place: Place, rows: Iterable[JobRow]) -> list[JobRow]:
    """Add what the results of failed jobs say."""
    return [_with_error(place, it) if it.is_failed and it.result_key and not it.error else it for it in rows]


def _with_error(place: Place, row: JobRow) -> JobRow:
    return replace(row, error=_reason(place, row.result_key))


def _reason(place: Place, key: str) -> str:
    try:
        answer = place.target.clients.s3.get_object(Bucket=place.target.results_bucket, Key=key)
        return str(json.loads(answer["Body"].read()).get("error", {}).get("reason", ""))
    except (ClientError, ValueError, AttributeError):
        return ""
