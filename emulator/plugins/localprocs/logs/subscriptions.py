"""Events that a subscription filter sends on: each filter those that it means, and no other filter's."""

import base64
import gzip
import json
import logging
from collections.abc import Sequence
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.aws import arns
from moto.logs.models import LogEvent, LogStream

from localprocs.logs import filter_pattern

LOG = logging.getLogger(__name__)


def send(stream: LogStream, events: Sequence[LogEvent]) -> None:
    """Send new events of a stream to where its group's filters say."""
    for each in list(stream.log_group.subscription_filters.values()):
        pattern = filter_pattern.parse(each.filter_pattern or "")
        meant = [event for event in events if pattern.matches(event.message)]
        if meant:
            try:
                _deliver(stream, each, _packed(stream, each.name, meant))
            except Exception as error:  # noqa: BLE001 - the events are logged, wherever else they cannot go
                LOG.warning("events of %s cannot be sent to %s: %s", stream.log_group.name, each.destination_arn, error)


def _packed(stream: LogStream, filter_name: str, events: Sequence[LogEvent]) -> bytes:
    told = {
        "messageType": "DATA_MESSAGE",
        "owner": stream.account_id,
        "logGroup": stream.log_group.name,
        "logStream": stream.log_stream_name,
        "subscriptionFilters": [filter_name],
        "logEvents": [{"id": str(it.event_id), "timestamp": it.timestamp, "message": it.message} for it in events],
    }
    return gzip.compress(json.dumps(told, separators=(",", ":")).encode())


def _deliver(stream: LogStream, subscription: Any, packed: bytes) -> None:
    destination = subscription.destination_arn
    where = arns.parse_arn(destination)
    if subscription.role_arn:
        factory = connect_to.with_assumed_role(
            role_arn=subscription.role_arn, service_principal="logs", region_name=where["region"]
        )
    else:
        factory = connect_to(aws_access_key_id=where["account"], region_name=where["region"])
    source = f"arn:aws:logs:{stream.region}:{stream.account_id}:log-group:{stream.log_group.name}:*"
    asked = {"source_arn": source, "service_principal": "logs"}
    match where["service"]:
        case "lambda":
            payload = json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}})
            client = factory.lambda_.request_metadata(**asked)
            client.invoke(FunctionName=destination, Payload=payload, InvocationType="Event")
        case "kinesis":
            factory.kinesis.request_metadata(**asked).put_record(
                StreamName=arns.kinesis_stream_name(destination), Data=packed, PartitionKey=stream.log_group.name
            )
        case "firehose":
            factory.firehose.request_metadata(**asked).put_record(
                DeliveryStreamName=arns.firehose_name(destination), Record={"Data": packed}
            )
