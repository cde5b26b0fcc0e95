"""The bytes of S3's objects: they lie beside the services' stores, in memory, and large ones in folders of this process."""

from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.models import S3Multipart, s3_stores
from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore, EphemeralS3StoredMultipart


def storage() -> EphemeralS3ObjectStore:
    """Return where S3 keeps them."""
    provider: Any = SERVICE_PLUGINS.get_service("s3")._provider  # noqa: SLF001 - LocalStack has no other way to it
    found: EphemeralS3ObjectStore = provider._storage_backend  # noqa: SLF001
    return found


def make_folders() -> None:
    """Have a folder for every bucket that was read or put back."""
    for _, _, store in s3_stores.iter_stores():
        for name in store.buckets:
            storage().create_bucket(name)


def upload(bucket: str, told: S3Multipart) -> EphemeralS3StoredMultipart:
    """Make an upload under way, with a folder of its own."""
    folder = storage()._create_upload_directory(bucket, told.id)  # noqa: SLF001 - as LocalStack makes one
    return EphemeralS3StoredMultipart(storage(), bucket, told, folder)


def fill_upload(begun: EphemeralS3StoredMultipart, parts: dict[int, Any]) -> None:
    """Give it the parts that have come."""
    begun.parts.update(parts)
