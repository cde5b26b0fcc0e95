"""A cloud that keeps the contracts, or does not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Clients, and what a promise needs beside them."""

    sqs: Any
    dynamodb: Any
    s3: Any
    secretsmanager: Any
    logs: Any
    queue: str
    """A standard queue, visibility 30 s; what is received from it three times goes to ``dlq``."""
    dlq: str
    fifo: str
    """The same, FIFO."""
    table: str
    """A table with the key ``pk``."""
    line: str
    """A table with the keys ``pk`` and ``sk``."""
    bucket: str
    secret: str
    """A secret whose current version is ``one``."""
    now: Callable[[], float]
    """Its time, seconds since the Unix epoch."""
    wait: Callable[[float], None]
    """Lets time pass, seconds."""

    def receive(self, queue: str, most: int = 10, **more: Any) -> list[dict[str, Any]]:
        """Receive what is there."""
        names: Any = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        answer = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=most, **names, **more)
        return list(answer.get("Messages", []))

    def send(self, body: str, group: str = "", copy_of: str = "") -> str:
        """Send a message to the FIFO queue, or without a group to the standard one; return its id."""
        fifo: Any = {"MessageGroupId": group, "MessageDeduplicationId": copy_of or body} if group else {}
        answer = self.sqs.send_message(QueueUrl=self.fifo if group else self.queue, MessageBody=body, **fifo)
        return str(answer["MessageId"])

    def update(self, key: str, change: str, **more: Any) -> dict[str, Any]:
        """Update an item of the table."""
        answer = self.dynamodb.update_item(
            TableName=self.table, Key={"pk": {"S": key}}, UpdateExpression=change, **more
        )
        return dict(answer.get("Attributes", {}))

    def item(self, key: str, **more: Any) -> dict[str, Any]:
        """Return an item of the table; empty where there is none."""
        answer = self.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": key}}, ConsistentRead=True, **more)
        return dict(answer.get("Item", {}))


def refusal(call: Callable[[], Any]) -> str:
    """Return the code with which a call is refused; empty where it is not."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
