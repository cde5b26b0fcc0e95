"""Statements: which call of DynamoDB's API each stands for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localprocs.dynamodb.partiql.conditions import Condition, Conditions, Placeholders
from localprocs.dynamodb.partiql.words import Attribute, InvalidStatement, Words

_IN_KEY_CONDITIONS = ("=", "<", "<=", ">", ">=", "BETWEEN", "BEGINS_WITH")

type KeysOf = Callable[[str, str | None], tuple[str, str | None]]
"""Tells a table's, or its index's, partition key and sort key."""


@dataclass(frozen=True)
class Call:
    """A call that a statement stands for."""

    operation: str
    request: dict[str, Any] = field(default_factory=dict)


def call_of(statement: str, parameters: Sequence[Attribute], keys_of: KeysOf) -> Call:
    """Return what a statement stands for.

    Raises:
        InvalidStatement: DynamoDB refuses it.
    """
    words = Words(statement.rstrip().removesuffix(";"), parameters)
    kinds: dict[str, Callable[[Words, KeysOf], Call]] = {
        "SELECT": _select,
        "INSERT": _insert,
        "UPDATE": _update,
        "DELETE": _delete,
        "EXISTS": _exists,
    }
    read = kinds.get(words.peek().text.upper())
    if read is None:
        raise InvalidStatement(f"Statement wasn't well formed, can't be processed: Unexpected {words.peek().text!r}")
    words.take()
    call = read(words, keys_of)
    words.end()
    return call


def _select(words: Words, keys_of: KeysOf) -> Call:
    places = Placeholders()
    conditions = Conditions(words, places)
    projection: list[str] = []
    if not words.skip("*"):
        projection.append(conditions.path()[0])
        while words.skip(","):
            projection.append(conditions.path()[0])
    words.expect("FROM")
    table = words.name()
    index = words.name() if words.skip(".") else None
    parts = conditions.conjuncts() if words.skip("WHERE") else []
    partition, place = keys_of(table, index)
    is_backward = _order(words, (partition, place))
    request: dict[str, Any] = {"TableName": table}
    if index:
        request["IndexName"] = index
    if projection:
        request["ProjectionExpression"] = ", ".join(projection)
    in_keys = _key_conditions(parts, partition, place)
    if in_keys is None:
        if is_backward is not None:
            raise InvalidStatement("Must have WHERE clause in the statement when using ORDER BY clause.")
        operation, left = "Scan", parts
    else:
        operation, left = "Query", [part for part in parts if part not in in_keys]
        request["KeyConditionExpression"] = " AND ".join(part.text for part in in_keys)
        request["ScanIndexForward"] = not is_backward
    if left:
        request["FilterExpression"] = " AND ".join(part.text for part in left)
    expressions = ("KeyConditionExpression", "FilterExpression", "ProjectionExpression")
    return Call(operation, {**request, **places.used(*(str(request.get(name, "")) for name in expressions))})


def _order(words: Words, keys: tuple[str, str | None]) -> bool | None:
    """Return whether the order is the other way round; None where none is asked for."""
    if not words.skip("ORDER", "BY"):
        return None
    is_backward = False
    while True:
        name = words.name()
        if name not in keys:
            raise InvalidStatement(f"Variable reference {name} in ORDER BY clause must be part of the primary key")
        backward = words.skip("DESC")
        words.skip("ASC")
        is_backward = backward if name == keys[1] else is_backward
        if not words.skip(","):
            return is_backward


def _key_conditions(parts: Sequence[Condition], partition: str, place: str | None) -> list[Condition] | None:
    """Return those conditions that a query finds by; None where the table must be scanned."""
    about_keys = [part for part in parts if part.attribute in (partition, place)]
    of_partition = [part for part in about_keys if part.attribute == partition]
    of_place = [part for part in about_keys if part.attribute == place]
    if len(of_partition) != 1 or of_partition[0].operator != "=" or len(of_place) > 1:
        return None
    if of_place and of_place[0].operator not in _IN_KEY_CONDITIONS:
        return None
    return [*of_partition, *of_place]


def _insert(words: Words, keys_of: KeysOf) -> Call:
    words.expect("INTO")
    table = words.name()
    words.expect("VALUE")
    item = words.value()
    if "M" not in item:
        raise InvalidStatement("Statement wasn't well formed, can't be processed: VALUE is no map")
    partition, _ = keys_of(table, None)
    return Call(
        "PutItem",
        {
            "TableName": table,
            "Item": item["M"],
            "ConditionExpression": "attribute_not_exists(#n0)",
            "ExpressionAttributeNames": {"#n0": partition},
        },
    )


def _update(words: Words, keys_of: KeysOf) -> Call:
    table = words.name()
    places = Placeholders()
    conditions = Conditions(words, places)
    clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": [], "DELETE": []}
    while words.peek().text.upper() in ("SET", "REMOVE"):
        if words.skip("REMOVE"):
            clauses["REMOVE"].append(conditions.path()[0])
        else:
            words.expect("SET")
            _assign(words, conditions, places, clauses)
            while words.skip(","):
                _assign(words, conditions, places, clauses)
    key, more = _one_item(words, conditions, keys_of(table, None))
    exists = f"attribute_exists({places.name(next(iter(key)))})"
    request = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": " ".join(f"{kind} {', '.join(parts)}" for kind, parts in clauses.items() if parts),
        "ConditionExpression": " AND ".join([exists, *(part.text for part in more)]),
        **_returned(words),
    }
    return Call("UpdateItem", {**request, **places.used(request["UpdateExpression"], request["ConditionExpression"])})


def _assign(words: Words, conditions: Conditions, places: Placeholders, clauses: dict[str, list[str]]) -> None:
    path, _ = conditions.path()
    words.expect("=")
    function = words.peek().text.upper()
    if function in ("SET_ADD", "SET_DELETE") and words.peek(1).text == "(":
        words.take()
        words.expect("(")
        conditions.path()
        words.expect(",")
        clauses["ADD" if function == "SET_ADD" else "DELETE"].append(f"{path} {places.value(words.value())}")
        words.expect(")")
        return
    clauses["SET"].append(f"{path} = {_computed(words, conditions, places)}")


def _computed(words: Words, conditions: Conditions, places: Placeholders) -> str:
    def operand() -> str:
        if words.has_value():
            return places.value(words.value())
        if words.peek(1).text == "(" and words.peek().text.upper() in ("LIST_APPEND", "IF_NOT_EXISTS"):
            name = words.take().text.lower()
            words.expect("(")
            first = operand()
            words.expect(",")
            second = operand()
            words.expect(")")
            return f"{name}({first}, {second})"
        return conditions.path()[0]

    text = operand()
    # "n-1" is read as a name and a negative number.
    if words.peek().kind == "number" and words.peek().text.startswith("-"):
        return f"{text} - {places.value({'N': words.take().text.removeprefix('-')})}"
    while (sign := words.peek().text) in ("+", "-"):
        words.take()
        text += f" {sign} {operand()}"
    return text


def _delete(words: Words, keys_of: KeysOf) -> Call:
    words.expect("FROM")
    table = words.name()
    places = Placeholders()
    key, more = _one_item(words, Conditions(words, places), keys_of(table, None))
    request: dict[str, Any] = {"TableName": table, "Key": key, **_returned(words)}
    if more:
        request["ConditionExpression"] = " AND ".join(part.text for part in more)
        request |= places.used(request["ConditionExpression"])
    return Call("DeleteItem", request)


def _exists(words: Words, keys_of: KeysOf) -> Call:
    words.expect("(")
    words.expect("SELECT")
    words.expect("*")
    words.expect("FROM")
    table = words.name()
    places = Placeholders()
    key, more = _one_item(words, Conditions(words, places), keys_of(table, None))
    words.expect(")")
    exists = f"attribute_exists({places.name(next(iter(key)))})"
    condition = " AND ".join([exists, *(part.text for part in more)])
    return Call(
        "ConditionCheck",
        {"TableName": table, "Key": key, "ConditionExpression": condition, **places.used(condition)},
    )


def _one_item(
    words: Words, conditions: Conditions, keys: tuple[str, str | None]
) -> tuple[Mapping[str, Attribute], list[Condition]]:
    if not words.skip("WHERE"):
        raise InvalidStatement("Where clause does not contain a mandatory equality on all key attributes")
    parts = conditions.conjuncts()
    wanted = [name for name in keys if name]
    found = {
        part.attribute: part.value
        for part in parts
        if part.attribute in wanted and part.operator == "=" and part.value is not None
    }
    if len(found) != len(wanted):
        raise InvalidStatement("Where clause does not contain a mandatory equality on all key attributes")
    key = {name: found[name] for name in wanted}
    return key, [part for part in parts if not (part.attribute in key and part.operator == "=")]


def _returned(words: Words) -> dict[str, str]:
    if not words.skip("RETURNING"):
        return {}
    which, when = words.take().text.upper(), words.take().text.upper()
    words.expect("*")
    value = f"{'UPDATED' if which == 'MODIFIED' else which}_{when}"
    if value not in ("ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"):
        raise InvalidStatement(f"Statement wasn't well formed, can't be processed: RETURNING {which} {when}")
    return {"ReturnValues": value}
