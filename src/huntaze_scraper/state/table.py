"""The state table: calls, with plain values on this side and botocore's errors translated by reaction."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from huntaze_scraper.errors import HuntazeError, StoreRefused, StoreUnavailable
from huntaze_scraper.state.attributes import read_all, write_all

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Item = dict[str, Any]

NEVER = {"ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException"}
"""What DynamoDB answers where trying again cannot help."""
RACES = {"ConditionalCheckFailed", "TransactionConflict"}


class ConditionFailed(HuntazeError):
    """The item is not as the write wants it."""

    def __init__(self, item: Item) -> None:
        """Keep the item as it is, where that was asked for."""
        super().__init__("the condition of the write does not hold")
        self.item = item


class Conflict(StoreUnavailable):
    """Somebody else wrote at the same time: read again, decide again."""


class StateTable:
    """The table. Every call raises StoreUnavailable where it does not answer or refuses."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        """Use the table of that name."""
        self._client = client
        self._name = name

    def get(self, key: str, *names: str) -> Item:
        """Return the item, or those attributes of it, as last written; empty where there is none."""
        only: Any = {}
        if names:
            places = {f"#{name}": name for name in names}
            only = {"ProjectionExpression": ", ".join(places), "ExpressionAttributeNames": places}
        with translated():
            answer = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True, **only)
        return read_all(answer.get("Item", {}))

    def update(
        self,
        key: str,
        change: str,
        values: Mapping[str, Any],
        *,
        condition: str,
        names: Iterable[str] = (),
        returned: str = "NONE",
        shows_item: bool = False,
    ) -> Item:
        """Change one item, and return what was asked for of it.

        Args:
            key: the item's key.
            change: the update expression.
            values: what its placeholders (``:name``) stand for.
            condition: what must hold, or nothing is written.
            names: attributes whose names DynamoDB keeps for itself; the expressions say ``#name``.
            returned: DynamoDB's ReturnValues.
            shows_item: whether the error bears the item, which may be a secret.

        Raises:
            ConditionFailed: it does not hold.
        """
        places: Any = {"ExpressionAttributeNames": {f"#{name}": name for name in names}} if names else {}
        if values:
            places["ExpressionAttributeValues"] = write_all(values)
        with translated():
            answer = self._client.update_item(
                TableName=self._name,
                Key=_key(key),
                UpdateExpression=change,
                ConditionExpression=condition,
                ReturnValues=returned,  # type: ignore[arg-type] # one of its words
                ReturnValuesOnConditionCheckFailure="ALL_OLD" if shows_item else "NONE",
                **places,
            )
        return read_all(answer.get("Attributes", {}))

    def delete(self, key: str) -> None:
        """Delete an item, if it is there."""
        with translated():
            self._client.delete_item(TableName=self._name, Key=_key(key))

    def find_keys(self, *beginnings: str) -> Iterator[str]:
        """Yield the keys that begin so, of the whole table; without an argument, all of them."""
        only: Any = {}
        if beginnings:
            values = {f":b{place}": beginning for place, beginning in enumerate(beginnings)}
            only = {
                "FilterExpression": " OR ".join(f"begins_with(pk, {name})" for name in values),
                "ExpressionAttributeValues": write_all(values),
            }
        with translated():
            pages = self._client.get_paginator("scan").paginate(TableName=self._name, ProjectionExpression="pk", **only)
            for page in pages:
                yield from (item["pk"]["S"] for item in page["Items"])

    def get_together(self, keys: Iterable[str]) -> dict[str, Item]:
        """Return the items that are there, by key, all as of one moment.

        Raises:
            Conflict: somebody was writing one of them.
        """
        gets: list[Any] = [{"Get": {"TableName": self._name, "Key": _key(key)}} for key in keys]
        with translated():
            answer = self._client.transact_get_items(TransactItems=gets)
        items = [read_all(response["Item"]) for response in answer["Responses"] if response.get("Item")]
        return {item["pk"]: item for item in items}

    def put(self, key: str, item: Item, *, version: int | None = None) -> dict[str, Any]:
        """Return the part of a transaction that puts an item.

        Args:
            key: the item's key.
            item: its attributes.
            version: that it must still have for the transaction to be carried out; 0 where it must not be there yet.
        """
        put = {"TableName": self._name, "Item": write_all({"pk": key, **item})}
        return {"Put": put if version is None else put | _unchanged_since(version)}

    def write_together(self, parts: Iterable[Mapping[str, Any]]) -> None:
        """Carry all parts of a transaction out or none; they may be of other tables, too.

        boto3 sends one token with each try of the call: one whose answer was lost is not carried out again (Trap 12).

        Raises:
            Conflict: a version has changed, or somebody was writing one of the items.
        """
        with translated():
            self._client.transact_write_items(TransactItems=list(parts))  # type: ignore[arg-type] # made by put and delete


def _unchanged_since(version: int) -> dict[str, Any]:
    if version == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": write_all({":version": version}),
    }


@contextmanager
def translated() -> Iterator[None]:
    """Turn botocore's errors into ours, named by reaction."""
    try:
        yield
    except ClientError as error:
        raise _by_reaction(error) from None
    except ParamValidationError:
        raise StoreRefused("the state table's client takes no such values") from None
    except BotoCoreError as error:
        raise StoreUnavailable(f"the state table did not answer: {type(error).__name__}") from None


def _by_reaction(error: ClientError) -> HuntazeError:
    response: Any = error.response
    code = response["Error"]["Code"]
    reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(read_all(response.get("Item", {})))
    was_race = code == "TransactionCanceledException" and reasons & RACES and reasons <= {*RACES, "None", None}
    if was_race or code in ("TransactionConflictException", "TransactionInProgressException"):
        return Conflict("somebody else was writing")
    return (StoreRefused if code in NEVER else StoreUnavailable)(f"the state table refused: {code}")


def _key(key: str) -> Any:
    return {"pk": {"S": key}}
