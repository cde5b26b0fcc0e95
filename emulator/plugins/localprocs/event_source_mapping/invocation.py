"""Invokes a function with a batch, and tries again for as long as Lambda is out of room for it."""

import logging
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from botocore.exceptions import ClientError

from localprocs.event_source_mapping.batch_response import failed_ids

LOG = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 32.0


class BatchInvoker:
    """Hands batches to one function."""

    def __init__(self, client: Any, function_arn: str, *, reports_items: bool, encode: Callable[[Any], bytes]) -> None:
        """Remember the function; ``reports_items`` is ReportBatchItemFailures."""
        self._client = client
        self._function = function_arn
        self._reports_items = reports_items
        self._encode = encode

    def failed(self, records: Sequence[dict[str, Any]], patience_seconds: float) -> AbstractSet[str]:
        """Carry a batch out and return the ids of the messages that must stay in the queue.

        A throttled invocation is tried again, with growing pauses, for as long as the patience lasts; after that the
        batch is let go, and comes back when its visibility ends.
        """
        batch = frozenset(each["messageId"] for each in records)
        answer = self._invoke(self._encode({"Records": records}), time.monotonic() + patience_seconds)
        if answer is None or answer.get("FunctionError"):
            return batch
        payload = answer["Payload"].read()
        return failed_ids(payload, batch) if self._reports_items else frozenset()

    def _invoke(self, payload: bytes, until: float) -> Any:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._client.invoke(FunctionName=self._function, Payload=payload)
            except ClientError as error:
                if error.response["Error"]["Code"] != "TooManyRequestsException":
                    LOG.warning("event source mapping could not invoke %s: %s", self._function, error)
                    return None
            if time.monotonic() + pause > until:
                return None
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
