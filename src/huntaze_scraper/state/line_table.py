"""The table of the jobs that wait at the limiter: by account and priority, in the order in which they were sent.

It holds their messages as they came, so that whichever message comes back can send the one whose turn it is.
"""

from typing import TYPE_CHECKING, Any

from huntaze_scraper.state.attributes import read_all, write_all
from huntaze_scraper.state.table import Item, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class LineTable:
    """The table: partition ``pk``, place ``sk`` within it. Calls raise StoreUnavailable where it does not answer."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        """Use the table of that name."""
        self._client = client
        self._name = name

    def first(self, partition: str, count: int) -> list[Item]:
        """Return the first items of a partition, at most so many, as last written."""
        items: list[Item] = []
        after: dict[str, Any] = {}
        while len(items) < count:
            with translated():
                # One answer holds at most 1 MB: large messages come in several.
                answer = self._client.query(
                    TableName=self._name,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": partition}},
                    ConsistentRead=True,
                    Limit=count - len(items),
                    **after,
                )
            items += [read_all(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            after = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return items

    def put(self, partition: str, place: str, item: Item) -> dict[str, Any]:
        """Return the part of a transaction that writes an item."""
        return {"Put": {"TableName": self._name, "Item": write_all({**item, "pk": partition, "sk": place})}}

    def delete(self, partition: str, place: str) -> dict[str, Any]:
        """Return the part of a transaction that deletes an item, if it is there."""
        return {"Delete": {"TableName": self._name, "Key": write_all({"pk": partition, "sk": place})}}
