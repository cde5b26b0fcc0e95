"""What roles asked for: each role, action and resource once, with how often and how it was answered."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localprocs.iam.policy import Access, Decision


@dataclass
class Call:
    """A row of the record."""

    first: float
    count: int
    row: dict[str, Any]


class CallRecord:
    """All rows since the start or the last ``clear``."""

    def __init__(self, file: Path | None = None) -> None:
        """Remember; each new row is also appended to the file, as a line of JSON."""
        self._file = file
        self._calls: dict[str, Call] = {}
        self._lock = threading.Lock()

    def add(self, role_arn: str, access: Access, decision: Decision) -> None:
        """Count an access."""
        row = {
            "role": role_arn,
            "action": access.action,
            "resource": access.resource,
            "context": {key: list(values) for key, values in _generalised(access.context).items()},
            "allowed": decision.is_allowed,
            "reason": decision.reason,
            "statements": list(decision.statements),
        }
        key = json.dumps(row, sort_keys=True)
        with self._lock:
            if known := self._calls.get(key):
                known.count += 1
                return
            self._calls[key] = Call(time.time(), 1, row)
            if self._file:
                with self._file.open("a") as out:
                    out.write(key + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows in the order of their first time, with ``first`` and ``count``."""
        with self._lock:
            return [{**call.row, "first": call.first, "count": call.count} for call in self._calls.values()]

    def clear(self) -> None:
        """Forget the rows; the file stays."""
        with self._lock:
            self._calls.clear()


def _generalised(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave of a key of an item its kind alone (``job#``): the record must not grow with the number of jobs."""
    keys = context.get("dynamodb:leadingkeys")
    if not keys:
        return context
    kinds = sorted({head + mark for head, mark, _ in (each.partition("#") for each in keys)})
    return {**context, "dynamodb:leadingkeys": kinds}
