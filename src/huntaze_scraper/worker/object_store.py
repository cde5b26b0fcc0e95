"""The results bucket."""

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.onlyfans.keeping import Upload
from huntaze_scraper.queues.calls import code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = structlog.stdlib.get_logger(__name__)

PART_BYTES = 8 * 2**20
"""S3 wants at least 5 MiB for each part but the last."""


class ObjectStore(Protocol):
    """Where results lie. Every method raises StoreUnavailable where the store does not answer."""

    async def put(self, key: str, body: bytes, content_type: str) -> str:
        """Keep an object, and return its URI."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Return an object; None where it is not there, or not ours to read."""
        ...

    def begin(self, key: str, content_type: str) -> Upload:
        """Begin an object whose length is not known."""
        ...

    async def probe(self) -> None:
        """Find out whether the store answers."""
        ...


class S3ObjectStore:
    """Objects in one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        """Keep objects in ``bucket``."""
        self._client = client
        self._bucket = bucket

    async def put(self, key: str, body: bytes, content_type: str) -> str:
        """Keep an object, and return its URI."""
        upload = self.begin(key, content_type)
        await asyncio.to_thread(upload.write, body)
        return await asyncio.to_thread(upload.finish)

    async def get(self, key: str) -> bytes | None:
        """Return an object; None where it is not there, or not ours to read."""
        return await asyncio.to_thread(self._get, key)

    def _get(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            # Without the right to list, S3 answers 403 about an object that is not there.
            if error.response["Error"]["Code"] in {"NoSuchKey", "AccessDenied"}:
                return None
            raise StoreUnavailable(f"S3: {code(error)}") from None
        except (BotoCoreError, HTTPError) as error:  # the body may break off
            raise StoreUnavailable(f"S3: {code(error)}") from None

    def begin(self, key: str, content_type: str) -> "S3Upload":
        """Begin an object whose length is not known."""
        return S3Upload(self._client, self._bucket, key, content_type)

    async def probe(self) -> None:
        """Find out whether the store answers, by forgetting an upload that never was."""
        try:
            await asyncio.to_thread(
                self._client.abort_multipart_upload, Bucket=self._bucket, Key="results/probe", UploadId="none"
            )
        except self._client.exceptions.NoSuchUpload:
            return
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"S3: {code(error)}") from None


class S3Upload:
    """An object that arrives piece by piece: one request where it is small, else in parts."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        """Begin an object; nothing is sent yet."""
        self._client = client
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._content_type = content_type
        self._began = time.monotonic()
        self._bytes = 0
        self._rest = bytearray()
        self._upload_id = ""
        self._parts: list[dict[str, Any]] = []

    def write(self, piece: bytes) -> None:
        """Add to the object; what is sent already is not kept in memory."""
        self._bytes += len(piece)
        self._rest += piece
        while len(self._rest) > PART_BYTES:
            self._send_part(bytes(self._rest[:PART_BYTES]))
            del self._rest[:PART_BYTES]

    def finish(self) -> str:
        """Keep the object, and return its URI."""
        if not self._upload_id:
            self._call(self._client.put_object, Body=bytes(self._rest), ContentType=self._content_type)
        else:
            self._send_part(bytes(self._rest))
            self._call(
                self._client.complete_multipart_upload, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
            )
        log.info(
            "object_kept",
            content_type=self._content_type,
            sent_bytes=self._bytes,
            total_ms=round((time.monotonic() - self._began) * 1000),
        )
        return f"s3://{self._place['Bucket']}/{self._place['Key']}"

    def abort(self) -> None:
        """Forget the parts; what cannot be forgotten now, the bucket's life-cycle rule forgets."""
        if self._upload_id:
            try:
                self._call(self._client.abort_multipart_upload, UploadId=self._upload_id)
            except StoreUnavailable:
                return

    def _send_part(self, body: bytes) -> None:
        if not self._upload_id:
            answer = self._call(self._client.create_multipart_upload, ContentType=self._content_type)
            self._upload_id = answer["UploadId"]
        number = len(self._parts) + 1
        answer = self._call(self._client.upload_part, UploadId=self._upload_id, PartNumber=number, Body=body)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def _call(self, operation: Any, **arguments: Any) -> Any:
        try:
            return operation(**self._place, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"S3: {code(error)}") from None
