"""The application's functions: each writes down what it was told."""

import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def _write(key, said):
    table.put_item(Item={"pk": key, "said": said, "word": os.environ["WORD"]})


def batch(event, _context):
    """Take a batch; what says so fails."""
    failed = []
    for record in event["Records"]:
        if record["body"].startswith("bad"):
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            _write(f"queue/{record['body']}", record["body"])
    return {"batchItemFailures": failed}


def heard(event, _context):
    """Hear of an order."""
    _write(f"order/{event['detail']['number']}", event["detail-type"])


def ticked(event, _context):
    """Hear the clock."""
    _write(f"tick/{event['time']}", event["resources"][0])


def stored(event, _context):
    """Hear of an object."""
    for record in event["Records"]:
        _write(f"object/{record['s3']['object']['key']}", record["eventName"])


def stepped(event, _context):
    """Do a step of a workflow."""
    _write(event["pk"], "stepped")
    return {"done": os.environ["WORD"]}


def asked(event, _context):
    """Answer whoever asks."""
    path = event.get("rawPath") or event.get("path")
    return {"statusCode": 200, "body": json.dumps({"path": path, "word": os.environ["WORD"]})}
