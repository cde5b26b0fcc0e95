"""The application's functions: each writes down what it was told."""

import json
import os
from typing import Any

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def _write(key: str, said: str) -> None:
    table.put_item(Item={"pk": key, "said": said, "word": os.environ["WORD"]})


def batch(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch; what says so fails."""
    failed = []
    for record in event["Records"]:
        if record["body"].startswith("bad"):
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            _write(f"queue/{record['body']}", record["body"])
    return {"batchItemFailures": failed}


def heard(event: dict[str, Any], _context: object) -> None:
    """Hear of an order."""
    _write(f"order/{event['detail']['number']}", event["detail-type"])


def ticked(event: dict[str, Any], _context: object) -> None:
    """Hear the clock."""
    _write(f"tick/{event['time']}", event["resources"][0])


def stored(event: dict[str, Any], _context: object) -> None:
    """Hear of an object."""
    for record in event["Records"]:
        _write(f"object/{record['s3']['object']['key']}", record["eventName"])


def stepped(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Do a step of a workflow."""
    _write(event["pk"], "stepped")
    return {"done": os.environ["WORD"]}


def asked(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer whoever asks."""
    answer = json.dumps({"path": event.get("rawPath") or event.get("path"), "word": os.environ["WORD"]})
    print(answer)
    return {"statusCode": 200, "body": answer}
