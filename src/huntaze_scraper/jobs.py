"""The job: what a producer may ask for, and the two ids that SQS FIFO needs of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NoReturn

import fastjsonschema

from huntaze_scraper.errors import InvalidJob

type Action = Literal["send_message", "scrape_profile", "download_media", "get_messages"]


class Priority(StrEnum):
    """How urgent a job is (``metadata.priority``), the most urgent first."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


MAX_JOB_BYTES = 200 * 1024
"""The largest body taken, in UTF-8 bytes: an SQS message of 256 KiB must also hold the attributes added on the way."""


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
        InvalidJob: not JSON, too large, or against the schema in ``schemas/job.json``; the text says where.
    """
    try:
        size = len(body.encode())
        if size > MAX_JOB_BYTES:
            raise InvalidJob(f"the job has {size} bytes, more than the {MAX_JOB_BYTES} allowed")
        payload = json.loads(body, parse_constant=_refuse_constant)
        _validator()(payload)
        return Job(payload["action"], payload.get("creator_id") or payload["user_id"], payload)
    except fastjsonschema.JsonSchemaValueException as error:
        # Its text names the place and the rule, never the value, which may be a creator's words.
        raise InvalidJob(f"against the job schema: {error.message}") from None
    except UnicodeEncodeError:
        raise InvalidJob("the job holds a lone surrogate, which no text can contain") from None
    except (ValueError, RecursionError) as error:
        raise InvalidJob(f"the job is not JSON: {type(error).__name__}") from None


def canonical_json(value: object) -> str:
    """Write JSON so that equal values give equal text: keys sorted, no spaces, no escapes but the needed ones."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@cache
def _validator() -> Any:
    schema = json.loads(files("huntaze_scraper").joinpath("schemas/job.json").read_text())
    return fastjsonschema.compile(schema)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
