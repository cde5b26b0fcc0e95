"""What a transaction keeps to undo itself.

moto copies the whole table for each operation of a transaction, which makes a transaction as slow as the table is
large. Only the items that the transaction names can change.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import moto.dynamodb.models as moto_models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_operations: ContextVar[Sequence[Mapping[str, Any]]] = ContextVar("operations", default=())


def keep_cheap() -> None:
    """Take the place of the ``copy`` that moto's transactions call."""
    moto_models.copy = _Copy()


@contextmanager
def transaction(operations: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Say what the transaction about to run touches."""
    token = _operations.set(operations)
    try:
        yield
    finally:
        _operations.reset(token)


class _Copy:
    """As the module ``copy``, but for tables."""

    copy = staticmethod(copy.copy)

    @staticmethod
    def deepcopy(value: Any) -> Any:
        if isinstance(value, Table) and _operations.get():
            return _before(value, _keys(value, _operations.get()))
        return copy.deepcopy(value)


def _before(table: Table, keys: Iterable[tuple[DynamoType, DynamoType | None]]) -> Table:
    kept = copy.copy(table)
    kept.items = defaultdict(dict, table.items)
    for partition, place in keys:
        if partition not in table.items:
            continue
        if place is None:
            kept.items[partition] = copy.deepcopy(table.items[partition])
            continue
        # A partition is a dict by place, which writes change where it is: its other items they leave alone.
        if kept.items[partition] is table.items[partition]:
            kept.items[partition] = dict(table.items[partition])
        if place in table.items[partition]:
            kept.items[partition][place] = copy.deepcopy(table.items[partition][place])
    return kept


def _keys(table: Table, operations: Sequence[Mapping[str, Any]]) -> Iterator[tuple[DynamoType, DynamoType | None]]:
    for operation in operations:
        for request in operation.values():
            attributes = request.get("Key") or request.get("Item") or {}
            if request.get("TableName") in (table.name, table.table_arn) and table.hash_key_attr in attributes:
                place = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
                yield DynamoType(attributes[table.hash_key_attr]), place
