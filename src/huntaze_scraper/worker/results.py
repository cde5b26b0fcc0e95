"""Results in S3: ``results/<account>/<job_id>.json``, and files of a job beside it."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.account_path import account_path
from huntaze_scraper.errors import SiteError, StoreUnavailable
from huntaze_scraper.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ObjectStore(Protocol):
    """Where results lie."""

    async def put(self, key: str, body: bytes, content_type: str) -> str:
        """Keep an object, and return its URI. Raises StoreUnavailable."""
        ...


class S3ObjectStore:
    """Objects in the results bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    async def put(self, key: str, body: bytes, content_type: str) -> str:
        """Keep an object, and return its URI."""
        try:
            await asyncio.to_thread(
                self._client.put_object, Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"S3: {type(error).__name__}") from None
        return f"s3://{self._bucket}/{key}"


class JobFiles:
    """The files of one job."""

    def __init__(self, store: ObjectStore, account: str, job_id: str) -> None:
        self._store = store
        self._prefix = prefix(account, job_id)

    async def put(self, name: str, body: bytes, content_type: str) -> str:
        """Keep a file beside the job's result and return its URI."""
        return await self._store.put(f"{self._prefix}/{account_path(name, '_').replace('_2E', '.')}", body, content_type)


def prefix(account: str, job_id: str) -> str:
    """Return where a job's files lie; neither name can leave its place."""
    return f"results/{account_path(account)}/{account_path(job_id)}"


def document(job: Job, *, status: str, ended_at: float, attempts: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Write the result of a job that went through."""
    return _frame(job, status, ended_at, attempts) | {"data": dict(data)}


def failure_document(
    job: Job, *, status: str, ended_at: float, attempts: int, error: SiteError, evidence: str | None
) -> dict[str, Any]:
    """Write the result of a job that did not."""
    described = {"class": error.error_class, "reason": error.reason, "status": error.status, "request": error.request}
    return _frame(job, status, ended_at, attempts) | {"error": described | ({"screenshot": evidence} if evidence else {})}


def encode(value: Mapping[str, Any]) -> bytes:
    """Write a result as it lies in S3."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _frame(job: Job, status: str, ended_at: float, attempts: int) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "action": job.action,
        "account": job.account,
        "correlation_id": job.correlation_id,
        "status": status,
        "finished_at": datetime.fromtimestamp(ended_at, UTC).isoformat(),
        "attempts": attempts,
    }
