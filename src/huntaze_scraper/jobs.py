"""The job: what a producer may ask for, and the two ids that SQS FIFO needs of it."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NoReturn

from huntaze_scraper import job_schema
from huntaze_scraper.errors import InvalidJob

type Action = Literal["send_message", "scrape_profile", "download_media", "get_messages"]


class Priority(StrEnum):
    """How urgent a job is (``metadata.priority``), the most urgent first."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


MAX_JOB_BYTES = 200 * 1024
"""The largest body taken, in UTF-8 bytes: an SQS message of 256 KiB must also hold the attributes added on the way."""

MAX_DEPTH = 50
"""Objects and lists inside one another: far below where any reader's stack ends, so that all agree."""

_TOO_DEEP = f"the job is nested deeper than {MAX_DEPTH} objects and lists"
_KINDS = {list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Job:
    """A valid job and the payload that it was read from."""

    action: Action
    account: str
    payload: Mapping[str, Any]
    job_id: str = field(init=False)
    """Names the job by its content: only a true copy has the same id (requirement 2.2, Trap 3).

    SHA-256, in hex, over the canonical JSON of the whole payload. It is the
    MessageDeduplicationId, the ledger's key and the name of the result.
    """

    def __post_init__(self) -> None:
        """Compute the id once."""
        object.__setattr__(self, "job_id", hashlib.sha256(canonical_json(self.payload).encode()).hexdigest())

    @property
    def group_id(self) -> str:
        """MessageGroupId (requirement 1.2): one account's jobs run one after another."""
        return self.account

    @property
    def priority(self) -> Priority:
        """How urgent it is; normal where the producer does not say."""
        return Priority(self.payload.get("metadata", {}).get("priority", Priority.NORMAL))

    @property
    def correlation_id(self) -> str:
        """The producer's trace id, or the job id where it gave none."""
        return str(self.payload.get("metadata", {}).get("correlation_id") or self.job_id)


def parse(body: str) -> Job:
    """Read a message body.

    Raises:
        InvalidJob: ``read`` refuses it, or it is against the schema in ``schemas/job.json``. The text says in one line
            what a producer can do about it, the same wherever it is read, and repeats nothing of what the job says.
    """
    payload = read(body)
    if not job_schema.is_valid(payload):
        raise InvalidJob(f"against the job schema: {'; '.join(job_schema.faults(payload))}")
    return Job(payload["action"], payload.get("creator_id") or payload["user_id"], payload)


def read(body: str | bytes) -> dict[str, Any]:
    """Read a JSON object that has one meaning only, whoever reads it.

    Raises:
        InvalidJob: it is too large, not UTF-8, not JSON, not an object, nested too deep, names something twice, or
            holds a number that not every program can hold.
    """
    try:
        text = body if isinstance(body, str) else body.decode()
        size = len(text.encode())
        if size > MAX_JOB_BYTES:
            raise InvalidJob(f"the job has {size} bytes, more than the {MAX_JOB_BYTES} allowed")
        if text.startswith("\ufeff"):
            raise InvalidJob("the job begins with a byte order mark: write UTF-8 without one")
        payload = _JSON.decode(text)
        _check_depth(payload)
        canonical_json(payload).encode()
    except UnicodeDecodeError as error:
        raise InvalidJob(f"the job is not UTF-8 at byte {error.start + 1}") from None
    except UnicodeEncodeError:
        raise InvalidJob("a text holds half a character (a lone surrogate): cut texts between characters") from None
    except json.JSONDecodeError as error:
        what = error.msg.partition(": ")[0].removesuffix(" at")  # behind the colon it repeats what it found
        raise InvalidJob(f"the job is not JSON: {what} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidJob(_TOO_DEEP) from None
    if not isinstance(payload, dict):
        raise InvalidJob(f"the job is not a JSON object but {_KINDS[type(payload)]}")
    return payload


def canonical_json(value: object) -> str:
    """Write JSON so that equal values give equal text: keys sorted, no spaces, no escapes but the needed ones."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what one reader takes for the first and another for the last of two."""
    read = dict(pairs)
    if len(read) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = sorted(name for name in counts if counts[name] > 1)
        told = ", ".join(name for name in twice if name in job_schema.names()) or "a name"
        raise InvalidJob(f"{told} stands twice in one object")
    return read


def _integer(digits: str) -> int:
    _number(digits)
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidJob("a number is beyond what a double can hold (1.8e308)")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJob(f"{name} is no number in JSON")


def _check_depth(payload: object) -> None:
    level = _containers([payload])
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _containers(each.values() if isinstance(each, dict) else each)]
    if level:
        raise InvalidJob(_TOO_DEEP)


def _containers(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [each for each in values if isinstance(each, dict | list)]


_JSON = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_refuse_constant
)
