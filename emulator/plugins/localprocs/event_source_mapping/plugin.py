"""Puts our poller into LocalStack's event source mappings of queues."""

import json
import threading
from typing import Any

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmWorker
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.services.lambda_.provider_utils import get_function_version_from_arn
from localstack.utils.event_matcher import matches_event

from localprocs.event_source_mapping import source
from localprocs.event_source_mapping.invocation import BatchInvoker
from localprocs.event_source_mapping.offers import Ending, await_offer
from localprocs.event_source_mapping.queue_poller import (
    UNBOUNDED_CONCURRENCY,
    MappingSettings,
    QueuePoller,
    filter_form,
)
from localprocs.lambda_runtime.proactive import initialise

_localstacks_worker = EsmWorkerFactory.get_esm_worker
_newest: dict[str, EsmWorker] = {}
"""The worker of each mapping, by the mapping's UUID; LocalStack makes another one for each update."""


def install() -> None:
    """Make every mapping of a queue ours from now on."""
    EsmWorkerFactory.get_esm_worker = _worker
    source.install()


def _worker(factory: EsmWorkerFactory) -> EsmWorker:
    worker = _localstacks_worker(factory)
    if isinstance(worker.poller, SqsPoller):
        worker.poller = _poller(worker, worker.poller)
        supersede(worker)
        if worker.enabled:
            threading.Thread(target=initialise, args=(worker.esm_config["FunctionArn"],), daemon=True).start()
    return worker


def supersede(worker: EsmWorker) -> None:
    """Let the worker speak for its mapping, and no earlier one.

    An earlier one's poll may end when this one has long begun: what it would write
    then, that the mapping is disabled, is true no more.
    """
    if earlier := _newest.get(worker.uuid):
        earlier.update_esm_state_in_store = _say_nothing
    _newest[worker.uuid] = worker


def _say_nothing(new_state: EsmState) -> None:
    pass


def _poller(worker: EsmWorker, theirs: SqsPoller) -> QueuePoller:
    config = worker.esm_config
    function = get_function_version_from_arn(config["FunctionArn"])
    visibility = theirs.source_client.get_queue_attributes(
        QueueUrl=theirs.queue_url, AttributeNames=["VisibilityTimeout"]
    )["Attributes"]["VisibilityTimeout"]
    settings = MappingSettings(
        queue_arn=theirs.source_arn,
        queue_url=theirs.queue_url,
        batch_size=config["BatchSize"],
        window_seconds=config.get("MaximumBatchingWindowInSeconds", 0),
        concurrency=config.get("ScalingConfig", {}).get("MaximumConcurrency") or UNBOUNDED_CONCURRENCY,
        # The last attempt must end before the batch is visible again.
        patience_seconds=int(visibility) - function.config.timeout,
    )
    invoker = BatchInvoker(
        theirs.processor.sender.target_client,
        config["FunctionArn"],
        reports_items="ReportBatchItemFailures" in config.get("FunctionResponseTypes", []),
        encode=_encode,
    )
    patterns = theirs.filter_patterns

    def matches(record: Any) -> bool:
        return not patterns or any(matches_event(pattern, filter_form(record)) for pattern in patterns)

    ending = worker._shutdown_event = Ending(theirs.source_arn)  # noqa: SLF001 - there is no other way to hear of it
    return QueuePoller(
        settings, theirs.source_client, invoker, matches, ending, lambda: await_offer(theirs.source_arn, ending)
    )


def _encode(event: Any) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
