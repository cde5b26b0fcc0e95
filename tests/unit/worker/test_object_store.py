"""The object store's promises: kept in S3, against moto, and in memory."""

from asyncio import run as wait

import pytest

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.worker.object_store import PART_BYTES, ObjectStore, S3ObjectStore
from tests.unit.aws import aws_client
from tests.unit.worker.doubles import MemoryObjectStore


@pytest.fixture(params=["memory", "aws"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjectStore()
    request.getfixturevalue("aws")
    return S3ObjectStore(aws_client("s3"), "bucket")


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, PART_BYTES + 1, PART_BYTES * 2 + 5])
def test_an_object_arrives_whole_however_large(aws: None, size: int) -> None:
    """Small ones in one request, larger ones in parts."""
    upload = S3ObjectStore(aws_client("s3"), "bucket").begin("a/b.bin", "video/mp4")
    body = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    for start in range(0, size, 1_000_000):
        upload.write(body[start : start + 1_000_000])
    assert upload.finish() == "s3://bucket/a/b.bin"
    kept = aws_client("s3").get_object(Bucket="bucket", Key="a/b.bin")
    assert kept["Body"].read() == body
    assert kept["ContentType"] == "video/mp4"


def test_an_aborted_object_leaves_no_parts(aws: None) -> None:
    """What was sent of it is forgotten."""
    upload = S3ObjectStore(aws_client("s3"), "bucket").begin("a/b.bin", "video/mp4")
    upload.write(b"x" * (PART_BYTES + 1))
    upload.abort()
    assert "Uploads" not in aws_client("s3").list_multipart_uploads(Bucket="bucket")
    assert "Contents" not in aws_client("s3").list_objects_v2(Bucket="bucket")


def test_an_object_that_is_not_there_is_none(store: ObjectStore) -> None:
    """As one is that has expired; one that is there comes back as it was."""
    assert wait(store.get("k")) is None
    wait(store.put("k", b"body", "text/plain"))
    assert wait(store.get("k")) == b"body"


def test_an_object_is_kept_under_its_key(store: ObjectStore) -> None:
    """The URI names bucket and key."""
    assert wait(store.put("results/a/b.json", b"{}", "application/json")) == "s3://bucket/results/a/b.json"


def test_a_bucket_that_is_not_there_is_a_store_that_does_not_answer(aws: None) -> None:
    """Botocore's errors travel no further."""
    with pytest.raises(StoreUnavailable):
        wait(S3ObjectStore(aws_client("s3"), "elsewhere").put("key", b"", "text/plain"))
