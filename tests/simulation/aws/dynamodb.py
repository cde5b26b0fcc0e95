"""DynamoDB: two tables, the operations that ``src`` makes, each item read and written as a whole at one moment."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.aws import expressions
from tests.simulation.aws.expressions import Item, invalid
from tests.simulation.aws.refusal import Refusal

MOST_BYTES = 400 * 1024
MOST_TOGETHER = 100
IDEMPOTENT_SECONDS = 600
ARGUMENTS = {
    "get_item": {"TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"},
    "batch_get_item": {"RequestItems"},
    "put_item": {"TableName", "Item"},
    "update_item": {
        "TableName", "Key", "UpdateExpression", "ConditionExpression", "ReturnValues",
        "ReturnValuesOnConditionCheckFailure", "ExpressionAttributeNames", "ExpressionAttributeValues",
    },
    "delete_item": {"TableName", "Key"},
    "query": {
        "TableName", "KeyConditionExpression", "ExpressionAttributeValues", "ConsistentRead", "Limit", "ExclusiveStartKey",
    },
    "transact_get_items": {"TransactItems"},
    "transact_write_items": {"TransactItems", "ClientRequestToken"},
}  # fmt: skip


class DynamoDb:
    """The tables, by name, each with the names of its keys."""

    def __init__(self, tables: Mapping[str, Sequence[str]], now: Callable[[], float]) -> None:
        self._keys = {name: tuple(keys) for name, keys in tables.items()}
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in tables}
        self._now = now
        self._done: dict[str, float] = {}
        self.added: Item = {}
        """What a later version beside this one writes into each item, too."""
        self.on_write: Callable[[str, tuple[str, ...], Item | None, Item | None], None] = lambda *_: None
        """Hears of each write: table, key, item before, item after."""

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        if operation not in ARGUMENTS or given.keys() - ARGUMENTS[operation]:
            raise NotImplementedError(operation, sorted(given))
        answer: dict[str, Any] = getattr(self, operation)(given)
        return answer

    def get_item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        item = self._table(given).get(self._key(given))
        if item is None:
            return {}
        if "ProjectionExpression" in given:
            places = given.get("ExpressionAttributeNames", {})
            wanted = [each.strip() for each in given["ProjectionExpression"].split(",")]
            names = [places[each] if each.startswith("#") else each for each in wanted]
            item = {name: item[name] for name in names if name in item}
        return {"Item": dict(item)}

    def batch_get_item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        responses: dict[str, list[Item]] = {}
        for table, asked in given["RequestItems"].items():
            if asked.keys() != {"Keys", "ConsistentRead"}:
                raise NotImplementedError(sorted(asked))
            if len(asked["Keys"]) > MOST_TOGETHER:
                raise invalid("more than 100 items are asked for")
            found = [self.get_item({"TableName": table, "Key": key}) for key in asked["Keys"]]
            responses[table] = [it["Item"] for it in found if it]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def put_item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._put(given["TableName"], given["Item"])
        return {}

    def delete_item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._write(given["TableName"], self._key(given), None)
        return {}

    def update_item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        key, table = self._key(given), self._table(given)
        before = table.get(key)
        change, used = expressions.update(given["UpdateExpression"])
        places = self._places(given, used)
        if not self._holds(given, before, places):
            shows = given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before is not None
            raise Refusal("ConditionalCheckFailedException", **({"Item": dict(before or {})} if shows else {}))
        keys = dict(zip(self._keys[given["TableName"]], ({"S": part} for part in key), strict=True))
        after = dict(before) if before is not None else keys
        changed = change(before or {}, places)
        for name, value in changed:
            if name in keys:
                raise invalid("the key cannot be changed")
            if value is None:
                after.pop(name, None)
            else:
                after[name] = value
        self._write(given["TableName"], key, after)
        match given.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_NEW":
                return {"Attributes": dict(after)}
            case "UPDATED_NEW":
                return {"Attributes": {name: after[name] for name, _ in changed if name in after}}
        raise NotImplementedError(given["ReturnValues"])

    def query(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if given["KeyConditionExpression"] != "pk = :pk" or not given.get("ConsistentRead"):
            raise NotImplementedError(given)
        partition, after = given["ExpressionAttributeValues"][":pk"]["S"], given.get("ExclusiveStartKey")
        found = sorted(
            (key, item)
            for key, item in self._table(given).items()
            if key[0] == partition and (after is None or key[1] > after["sk"]["S"])
        )
        some, size = [], 0
        for key, item in found[: given["Limit"]]:
            size += _size(item)
            if some and size > 2**20:
                break
            some.append((key, item))
        more: dict[str, Any] = {}
        if len(some) < len(found):
            more = {"LastEvaluatedKey": {"pk": {"S": some[-1][0][0]}, "sk": {"S": some[-1][0][1]}}}
        return {"Items": [dict(item) for _, item in some]} | more

    def transact_get_items(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if len(given["TransactItems"]) > MOST_TOGETHER:
            raise invalid("more than 100 items in a transaction")
        found = [self.get_item(each["Get"]) for each in given["TransactItems"]]
        return {"Responses": found}

    def transact_write_items(self, given: Mapping[str, Any]) -> dict[str, Any]:
        parts = given["TransactItems"]
        token, now = given.get("ClientRequestToken"), self._now()
        if token and now - self._done.get(token, float("-inf")) < IDEMPOTENT_SECONDS:
            return {}
        if len(parts) > MOST_TOGETHER:
            raise invalid("more than 100 items in a transaction")
        reasons, writes, seen = [], [], set()
        for part in parts:
            ((kind, what),) = part.items()
            if what.keys() - {
                "TableName",
                "Item",
                "Key",
                "ConditionExpression",
                "ExpressionAttributeNames",
                "ExpressionAttributeValues",
            }:
                raise NotImplementedError(sorted(what))
            key = self._key_of(what["TableName"], what["Item"] if kind == "Put" else what["Key"])
            if (what["TableName"], key) in seen:
                raise invalid("one item twice in a transaction")
            seen.add((what["TableName"], key))
            holds = self._holds(what, self._table(what).get(key), self._places(what, frozenset()))
            reasons.append({"Code": "None" if holds else "ConditionalCheckFailed"})
            writes.append((what["TableName"], key, what["Item"] if kind == "Put" else None))
        if any(reason["Code"] != "None" for reason in reasons):
            raise Refusal("TransactionCanceledException", CancellationReasons=reasons)
        if token:
            self._done[token] = now
        for write in writes:
            self._write(*write)
        return {}

    def _table(self, given: Mapping[str, Any]) -> dict[tuple[str, ...], Item]:
        if given["TableName"] not in self.tables:
            raise Refusal("ResourceNotFoundException")
        return self.tables[given["TableName"]]

    def _key(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        if set(given["Key"]) != set(self._keys[given["TableName"]]):
            raise invalid("the key is another one")
        return self._key_of(given["TableName"], given["Key"])

    def _key_of(self, table: str, item: Mapping[str, Any]) -> tuple[str, ...]:
        key = tuple(item[name]["S"] for name in self._keys[table])
        if not all(key):
            raise invalid("a key is empty")
        return key

    def _places(self, given: Mapping[str, Any], used: frozenset[str]) -> dict[str, Any]:
        places = {**given.get("ExpressionAttributeNames", {}), **given.get("ExpressionAttributeValues", {})}
        if "ConditionExpression" in given:
            used = used | expressions.condition(given["ConditionExpression"])[1]
        if unused := places.keys() - used:
            raise invalid(f"not used: {sorted(unused)}")
        if unknown := used - places.keys():
            raise invalid(f"not given: {sorted(unknown)}")
        return places

    def _holds(self, given: Mapping[str, Any], item: Item | None, places: Mapping[str, Any]) -> bool:
        if "ConditionExpression" not in given:
            return True
        return expressions.condition(given["ConditionExpression"])[0](item or {}, places)

    def _put(self, table: str, item: Item) -> None:
        self._write(table, self._key_of(table, item), item)

    def _write(self, table: str, key: tuple[str, ...], item: Item | None) -> None:
        if item is not None and _size(item) > MOST_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        items = self.tables[table]
        before = items.get(key)
        if item is None:
            items.pop(key, None)
        else:
            items[key] = {**item, **self.added}
        self.on_write(table, key, before, item)


def _size(item: Item) -> int:
    """Return roughly what an item takes."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    for kind, held in value.items():
        if kind in "SB":
            return len(held)
        if kind == "M":
            return _size(held) + 3
        if kind == "L":
            return sum(map(_value_size, held)) + 3
    return 8
