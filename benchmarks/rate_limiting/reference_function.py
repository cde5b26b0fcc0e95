"""The reference: the plan's original limiter, which tells a message without a token when to ask again.

As kind to it as can be: the bucket is read and written once a batch, visibility
is changed in one call, and no message is told to ask before the next refill.
"""

import hashlib
import json
import math
import os
import time
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

CAPACITY, WINDOW_SECONDS = 10, 60


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take tokens for as many of the batch as there are, and hide the rest until the next refill."""
    sqs, records = _client("sqs"), event["Records"]
    calls, taken, refill_at = _take(len(records))
    if taken:
        sqs.send_message_batch(
            QueueUrl=os.environ["WORKFLOWS_QUEUE_URL"],
            Entries=[
                {
                    "Id": str(place),
                    "MessageBody": record["body"],
                    "MessageGroupId": json.loads(record["body"])["creator_id"],
                    "MessageDeduplicationId": hashlib.sha256(record["body"].encode()).hexdigest(),
                }
                for place, record in enumerate(records[:taken])
            ],
        )
    if waiting := records[taken:]:
        retry_after = max(1, math.ceil(refill_at - time.time()))
        sqs.change_message_visibility_batch(
            QueueUrl=os.environ["INGRESS_QUEUE_URL"],
            Entries=[
                {"Id": str(place), "ReceiptHandle": record["receiptHandle"], "VisibilityTimeout": retry_after}
                for place, record in enumerate(waiting)
            ],
        )
    print(json.dumps({"message": "batch", "messages": len(records), "forwarded": taken, "store_calls": calls}))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in waiting]}


def _take(wanted: int) -> tuple[int, int, float]:
    """Return the store calls made, the tokens taken, and when the bucket is filled again."""
    dynamodb = _client("dynamodb")
    key, calls = {"pk": {"S": "bucket#reference"}}, 0
    while True:
        item = dynamodb.get_item(TableName=os.environ["STATE_TABLE"], Key=key, ConsistentRead=True).get("Item", {})
        version = int(item.get("version", {"N": "0"})["N"])
        tokens, filled_at = int(item.get("tokens", {"N": "0"})["N"]), float(item.get("filled_at", {"N": "0"})["N"])
        now = time.time()
        if now - filled_at >= WINDOW_SECONDS:
            tokens, filled_at = CAPACITY, now
        taken = min(wanted, tokens)
        calls += 1
        if not taken:
            return calls, 0, filled_at + WINDOW_SECONDS
        calls += 1
        try:
            dynamodb.put_item(
                TableName=os.environ["STATE_TABLE"],
                Item={
                    **key,
                    "version": {"N": str(version + 1)},
                    "tokens": {"N": str(tokens - taken)},
                    "filled_at": {"N": repr(filled_at)},
                },
                ConditionExpression="attribute_not_exists(pk) OR version = :version",
                ExpressionAttributeValues={":version": {"N": str(version)}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
        else:
            return calls, taken, filled_at + WINDOW_SECONDS


@cache
def _client(service: str) -> Any:
    return boto3.client(service)
