"""How long the handler takes: on the emulator at the wall's speed, and its own share without any cloud."""

import io
import json
import os
import re
import statistics
import time
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.client import BaseClient

from benchmarks.rate_limiting.bursts import job
from emulator.harness import log_groups
from emulator.harness.pipeline import Pipeline
from huntaze_scraper.rate_limiter.handler import Function
from huntaze_scraper.settings import RateLimiterSettings

BATCHES = 60
OWN_BATCHES = 400
REPORT = re.compile(r"^REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms")
INIT = re.compile(r"Init Duration: ([\d.]+) ms")


def on_the_emulator(pipeline: Pipeline) -> dict[str, float]:
    """Return p50 and p99 of full batches' durations and the first cold start, ms of the wall clock."""
    run, name = pipeline.run, uuid.uuid4().hex
    group = f"/aws/lambda/{run.lambda_function}"
    before = len(log_groups.lines(group, pipeline.clients))
    for start in range(0, 10 * BATCHES, 10):
        entries: Any = [
            {"Id": str(number), "MessageBody": json.dumps(job(name, number))} for number in range(start, start + 10)
        ]
        pipeline.clients.sqs.send_message_batch(QueueUrl=run.ingress_queue_url, Entries=entries)
    while any(not it["receive_count"] for it in pipeline.journal(run.ingress_queue_url)):
        time.sleep(0.2)
    time.sleep(1)
    lines = log_groups.lines(group, pipeline.clients)
    durations = [float(found[2]) for line in lines[before:] if (found := REPORT.match(line))]
    cold = [float(found[1]) for line in lines if (found := INIT.search(line))]
    return {"p50_ms": statistics.median(durations), "p99_ms": _p99(durations), "cold_start_ms": cold[0]}


def own_share() -> dict[str, float]:
    """Return p50 and p99 of the handler's time for a batch of ten when every call is answered at once, ms."""
    settings = RateLimiterSettings(
        ingress_queue_url="https://sqs.us-east-1.amazonaws.com/0/ingress",
        ingress_dlq_url="https://sqs.us-east-1.amazonaws.com/0/dlq",
        workflows_queue_url="https://sqs.us-east-1.amazonaws.com/0/workflows.fifo",
        state_table="state",
        line_table="line",
    )
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    cloud = _InstantCloud()
    real, BaseClient._make_api_call = BaseClient._make_api_call, cloud.answer  # type: ignore[attr-defined] # noqa: SLF001
    try:
        function = Function(settings)
        for handler in function.logger.handlers:
            handler.setStream(io.StringIO())  # type: ignore[attr-defined]
        durations = [_time(function, number) for number in range(OWN_BATCHES)][20:]
    finally:
        BaseClient._make_api_call = real  # type: ignore[attr-defined] # noqa: SLF001
    return {"p50_ms": statistics.median(durations), "p99_ms": _p99(durations)}


def _time(function: Function, number: int) -> float:
    event = {"Records": [_record(10 * number + place) for place in range(10)]}
    begun = time.thread_time()
    function(event, _Context())
    return (time.thread_time() - begun) * 1000


def _record(number: int) -> dict[str, Any]:
    now = str(int(time.time() * 1000))
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"handle-{number}",
        "body": json.dumps(job("own-share", number)),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": now},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


class _Context:
    function_name = "limiter"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class _InstantCloud:
    """Answers every call at once: an empty store, queues that take everything."""

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        match operation:
            case "TransactGetItems":
                return {"Responses": [{} for _ in request["TransactItems"]]}
            case "SendMessageBatch" | "ChangeMessageVisibilityBatch":
                return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}
            case _:
                return {}


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]
