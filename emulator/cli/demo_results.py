"""What the demo's jobs have brought: a line each, and files that stay when the cloud that held them is gone."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob


def words(result: Mapping[str, Any] | None) -> str:
    """Say what a result says."""
    match result:
        case {"status": "succeeded", "action": "scrape_profile", "data": {"name": name, "counts": counts}}:
            told = [f"{count:,} {what}" for what, count in counts.items() if count is not None]
            return f"{name}: {', '.join(told)}"
        case {"status": "succeeded", "action": "send_message", "data": {"message_id": id_, "fan": fan, "sent_at": at}}:
            return f"message {id_} to {fan}, sent at {at[:19]}"
        case {"status": status, "error": {"reason": reason}}:
            return f"{status}: {reason}"
        case _:
            return "no result"


def keep(pipeline: Pipeline, sent: Sequence[SentJob], folder: Path) -> None:
    """Write the jobs' results and screenshots to the folder, in place of those of an earlier demo."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    s3, bucket = pipeline.clients.s3, pipeline.run.results_bucket
    for number, job in enumerate(sent, 1):
        place = pipeline.result_key(job).removesuffix(".json")
        name = f"{number}-{job.account}-{job.payload['action']}"
        for entry in s3.list_objects_v2(Bucket=bucket, Prefix=place).get("Contents", []):
            # <place>.json is the result, <place>/profile.png a picture beside it.
            file = folder / f"{name}{entry['Key'].removeprefix(place).replace('/', '-')}"
            s3.download_file(bucket, entry["Key"], str(file))
