"""What tables, queues and bucket hold of the jobs: items, never sessions; dead letters, put back; results."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from huntaze_scraper.jobs import Priority
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import QUEUES, DeadLetter
from huntaze_scraper.operations.incident.bundle import Queue
from huntaze_scraper.operations.incident.gathering import Gathering
from huntaze_scraper.operations.incident.raw import RawItem, RawMessage
from huntaze_scraper.state.attributes import read_all
from huntaze_scraper.state.keys import PIPELINE_TURN, WORKFLOWS_BUCKET, Kind, name_of
from huntaze_scraper.state.line_table import LineTable
from huntaze_scraper.worker import results

KEYS_A_CALL = 100
"""BatchGetItem's limit."""
MOST_WAITING = 1_000
MOST_LETTERS = 1_000
THREADS = 8


def gather_items(gathering: Gathering, job_ids: Iterable[str], accounts: Iterable[str]) -> None:
    """Add the items of jobs and accounts, and those of the limit."""
    accounts = list(accounts)
    keys = [
        *(kind.key(job_id) for job_id in job_ids for kind in (Kind.JOB, Kind.SLOT)),
        *(Kind.PAUSE.key(it) for it in accounts),
        *(kind.of_account(it) for it in accounts for kind in (Kind.BUCKET, Kind.TURN, Kind.REQUESTS)),
        *(WORKFLOWS_BUCKET, PIPELINE_TURN),
    ]
    with gathering.part("items of the state table", "dynamodb:BatchGetItem"):
        gathering.raw.items += items(gathering, keys)
    line = gathering.raw.settings.get("LINE_TABLE", "")
    with gathering.part("jobs that wait in the line", "dynamodb:Query"):
        if not line:
            gathering.lack("jobs that wait in the line", "the limiter's settings, which name their table, are missing")
            return
        table = LineTable(gathering.target.clients.dynamodb, line)
        for partition in (f"{priority}#{account}" for account in accounts for priority in Priority):
            for item in table.first(partition, MOST_WAITING):
                key, sort = item.pop("pk"), item.pop("sk")
                gathering.raw.items.append(RawItem(table="line", key=key, sort=sort, item=item))


def items(gathering: Gathering, keys: list[str]) -> Iterator[RawItem]:
    """Yield those of the items that are there. Raises botocore's errors."""
    table, client = gathering.target.state_table, gathering.target.clients.dynamodb
    done = 0
    for some in batched(dict.fromkeys(keys), KEYS_A_CALL, strict=False):
        left: Any = {table: {"Keys": [{"pk": {"S": key}} for key in some], "ConsistentRead": True}}
        while left:
            answer = client.batch_get_item(RequestItems=left)
            for found in answer["Responses"].get(table, ()):
                item = read_all(found)
                yield RawItem(table="state", key=item.pop("pk"), item=item)
            left = answer.get("UnprocessedKeys")
        done += len(some)
        gathering.tell(f"items of the state table: {done} of {len(keys)} looked up")


def gather_letters(gathering: Gathering, job_ids: frozenset[str], creator: str) -> None:
    """Add the dead letters of the jobs, or of the stretch of time; each queue is looked through and left as it was."""
    raw = gathering.raw
    for name in QUEUES:
        what = f"dead letters of the {name} queue"
        with gathering.part(what, "sqs:ReceiveMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes"):
            queue = DeadLetterQueue(gathering.target, name)
            if not queue.count():
                continue
            with queue.held(MOST_LETTERS) as letters:
                raw.messages += [
                    _message(it) for it in letters if it.job_id in job_ids or _is_around(gathering, it, creator)
                ]
            if queue.unseen:
                gathering.lack(what, f"{queue.unseen} more lay there than the {MOST_LETTERS} that are looked at")


def _is_around(gathering: Gathering, letter: DeadLetter, creator: str) -> bool:
    asked = gathering.raw.asked
    if asked.keys() & {"job", "correlation"} or (creator and letter.creator != creator):
        return False
    return gathering.raw.begin <= letter.at.timestamp() <= gathering.raw.end


def _message(letter: DeadLetter) -> RawMessage:
    queue: Queue = "ingress_dlq" if letter.queue == "ingress" else "workflows_dlq"
    return RawMessage(
        at=letter.at.timestamp(),
        queue=queue,
        message_id=letter.message_id,
        body=letter.body,
        attributes={name: it.get("StringValue", "") for name, it in letter.attributes.items()},
        account=letter.creator,
    )


def gather_results(gathering: Gathering) -> None:
    """Add the results of jobs that ended."""
    ended = {
        name_of(it.key): str(it.item.get("result_key") or results.key(str(it.item.get("account", "")), name_of(it.key)))
        for it in gathering.raw.items
        if it.key.startswith(Kind.JOB.prefix) and it.item.get("state") not in (None, "running", "waiting")
    }
    with gathering.part("results", "s3:GetObject"), ThreadPoolExecutor(THREADS) as pool:
        for job_id, found in zip(ended, pool.map(lambda key: _result(gathering, key), ended.values()), strict=True):
            if found is not None:
                gathering.raw.results[job_id] = found


def _result(gathering: Gathering, key: str) -> dict[str, Any] | None:
    target = gathering.target
    try:
        answer = target.clients.s3.get_object(Bucket=target.results_bucket, Key=key)
    except ClientError as error:
        code = error.response["Error"].get("Code")
        if code == "AccessDenied":  # what S3 says of an object that is not there, too, to whoever may not list
            gathering.lack("some results", "s3:GetObject is not allowed, or they are not there any more")
        if code in ("AccessDenied", "NoSuchKey"):
            return None
        raise
    try:
        found = json.loads(answer["Body"].read())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
