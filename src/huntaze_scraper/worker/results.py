"""Results: ``results/<account>/<job_id>.json``, files of the job beside it, all after the schemas that ship with us."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import fastjsonschema

from huntaze_scraper.account_path import account_path
from huntaze_scraper.errors import OddPage, SiteError
from huntaze_scraper.jobs import Job
from huntaze_scraper.onlyfans.keeping import Upload
from huntaze_scraper.worker.object_store import ObjectStore

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class JobFiles:
    """The files of one job."""

    def __init__(self, store: ObjectStore, account: str, job_id: str) -> None:
        """Keep files below the account's and the job's place."""
        self._store = store
        self._prefix = prefix(account, job_id)
        self._progress_prefix = f"progress/{account_path(account)}/{account_path(job_id)}"

    async def put(self, name: str, body: bytes, content_type: str) -> str:
        """Keep a file beside the job's result and return its URI."""
        return await self._store.put(self._key(name), body, content_type)

    def begin(self, name: str, content_type: str) -> Upload:
        """Begin a file whose length is not known."""
        return self._store.begin(self._key(name), content_type)

    async def keep_part(self, name: str, body: bytes) -> None:
        """Keep a part of what is not whole yet, for a later attempt; it lies apart from results."""
        await self._store.put(f"{self._progress_prefix}/{name}", body, "application/json")

    async def part(self, name: str) -> bytes | None:
        """Return a part that was kept, None where it is gone."""
        return await self._store.get(f"{self._progress_prefix}/{name}")

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{_NOT_IN_A_NAME.sub('_', name).lstrip('.') or 'file'}"


def prefix(account: str, job_id: str) -> str:
    """Return where a job's files lie; neither name can leave its place."""
    return f"results/{account_path(account)}/{account_path(job_id)}"


def key(account: str, job_id: str) -> str:
    """Return where a job's result lies."""
    return f"{prefix(account, job_id)}.json"


def success(job: Job, *, ended_at: float, attempts: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Write the result of a job that went through.

    Raises:
        OddPage: what was read there is not what the schema promises.
    """
    document = _frame(job, "succeeded", ended_at, attempts) | {"data": dict(data)}
    try:
        _validator(job.action)(document)
    except fastjsonschema.JsonSchemaValueException as error:
        raise OddPage(f"the site shows something else: {error.message}") from None
    return document


def failure(
    job: Job, *, status: str, ended_at: float, attempts: int, error: SiteError, screenshot: str = ""
) -> dict[str, Any]:
    """Write the result of a job that did not go through."""
    described = {
        "class": str(error.error_class),
        "reason": error.reason,
        "status": error.status,
        "request": error.request,
    }
    document = _frame(job, status, ended_at, attempts) | {"error": described, "data": error.so_far}
    if screenshot:
        document["error"]["screenshot"] = screenshot
    return document


def unreadable(group_id: str, job_id: str, *, ended_at: float, reason: str) -> dict[str, Any]:
    """Write the result of a message that holds no job."""
    return {
        "job_id": job_id,
        "action": None,
        "account": group_id,
        "correlation_id": job_id,
        "status": "rejected",
        "finished_at": _time(ended_at),
        "attempts": 1,
        "error": {"class": "client_error", "reason": reason, "status": None, "request": ""},
        "data": {},
    }


def encode(document: Mapping[str, Any]) -> bytes:
    """Write a result as it lies in S3."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode(errors="replace")


def _frame(job: Job, status: str, ended_at: float, attempts: int) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "action": job.action,
        "account": job.account,
        "correlation_id": job.correlation_id,
        "status": status,
        "finished_at": _time(ended_at),
        "attempts": attempts,
    }


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


@cache
def _validator(action: str) -> Any:
    schema = json.loads(files("huntaze_scraper").joinpath(f"schemas/result-{action}.json").read_text())
    return fastjsonschema.compile(schema)
