"""Tables: conditional writes, transactions, expiry."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.patience import until


class Table:
    """A table with one key, spoken to in plain values."""

    def __init__(self, emulator: Clients) -> None:
        """Make it."""
        self.client, self.name = emulator.dynamodb, f"table-{uuid4().hex[:8]}"
        self.client.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def get(self, key: str) -> dict[str, Any]:
        """Return an item, or nothing."""
        found = self.client.get_item(TableName=self.name, Key={"pk": {"S": key}}, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def put(self, key: str, **attributes: Any) -> Any:
        """Return a Put of a transaction."""
        return {"Put": {"TableName": self.name, "Item": {"pk": {"S": key}, **attributes}}}

    def transact(self, *items: Any, **more: Any) -> Any:
        """Write all or nothing."""
        return self.client.transact_write_items(TransactItems=list(items), **more)


@pytest.fixture
def table(emulator: Clients) -> Iterator[Table]:
    """Make a table, and take it away again."""
    made = Table(emulator)
    yield made
    made.client.delete_table(TableName=made.name)


@pytest.mark.requirement("1.4")
def test_of_many_conditional_writes_at_once_one_wins(table: Table) -> None:
    """Each writer adds one to what it read; none is lost."""

    def add_one(_: int) -> int:
        for attempt in range(1000):
            before = table.get("count").get("n", {"N": "0"})["N"]
            try:
                table.client.put_item(
                    TableName=table.name,
                    Item={"pk": {"S": "count"}, "n": {"N": str(int(before) + 1)}},
                    ConditionExpression="attribute_not_exists(pk) OR n = :before",
                    ExpressionAttributeValues={":before": {"N": before}},
                )
            except table.client.exceptions.ConditionalCheckFailedException:
                continue
            return attempt
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))

    assert table.get("count")["n"] == {"N": "40"}


def test_a_cancelled_transaction_says_why_and_leaves_nothing(table: Table) -> None:
    """One reason an item, in order; what failed shows the item if asked."""
    table.transact(table.put("there", n={"N": "1"}))
    refused = table.put("there")
    refused["Put"] |= {
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }

    with pytest.raises(table.client.exceptions.TransactionCanceledException) as cancelled:
        table.transact(table.put("new"), refused)

    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["n"] == {"N": "1"}
    assert not table.get("new")


def test_a_transaction_is_done_once_for_its_token(table: Table) -> None:
    """The client's second try changes nothing; another content under the token is refused."""
    add: Any = {
        "Update": {
            "TableName": table.name,
            "Key": {"pk": {"S": "count"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    for _ in range(2):
        table.transact(add, ClientRequestToken="token")

    assert table.get("count")["n"] == {"N": "1"}
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        table.transact(table.put("other"), ClientRequestToken="token")


def test_an_expired_item_goes(table: Table, clock: Clock) -> None:
    """Its time to live once over; AWS promises no more than a few days."""
    table.client.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
    )
    table.transact(table.put("soon", expires_at={"N": str(int(clock.now()) + 3600)}), table.put("never"))
    assert table.get("soon")

    clock.jump(2 * 3600)

    until(lambda: not table.get("soon"), what="the expiry")
    assert table.get("never")
