"""What the scraper said."""

import json
from typing import Any

from emulator.harness import log_groups
from emulator.harness.pipeline import Pipeline, SentJob

GROUP = "/huntaze/production/onlyfans-scraper"


def lines(pipeline: Pipeline, event: str, job: SentJob | None = None, since: float = 0) -> list[dict[str, Any]]:
    """Return the lines of one event, and of one job where it is given, oldest first."""
    texts = log_groups.lines(GROUP, pipeline.clients, since)
    found: list[dict[str, Any]] = [json.loads(it) for it in texts if it.startswith("{")]
    return [it for it in found if it.get("event") == event and (job is None or it.get("job_id") == job.job_id)]
