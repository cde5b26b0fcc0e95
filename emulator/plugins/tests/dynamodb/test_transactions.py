"""Transactions: once for a token, undone as a whole, in no time on a large table."""

import pytest
from localprocs.dynamodb import roll_back
from localprocs.dynamodb.expiry import sweep
from localprocs.dynamodb.idempotency import REMEMBERED_SECONDS, TokenMemory
from localstack.aws.api import CommonServiceException
from moto.dynamodb.exceptions import TransactionCanceledException
from moto.dynamodb.models import DynamoDBBackend


@pytest.fixture
def backend():
    """Return a moto back end with one table."""
    backend = DynamoDBBackend("us-east-1", "1")
    backend.create_table(
        "t",
        schema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        attr=[{"AttributeName": "pk", "AttributeType": "S"}],
        billing_mode="PAY_PER_REQUEST",
        throughput=None,
        global_indexes=None,
        indexes=None,
        streams=None,
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    return backend


def put(key, **more):
    """Return a Put of a transaction."""
    return {"Put": {"TableName": "t", "Item": {"pk": {"S": key}, **more}}}


def test_a_cancelled_transaction_leaves_a_table_with_a_sort_key_as_it_was(monkeypatch):
    """What was put beside others is gone again, what was deleted is back, and the others were never copied."""
    backend = DynamoDBBackend("us-east-1", "1")
    backend.create_table(
        "l",
        schema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        billing_mode="PAY_PER_REQUEST",
        throughput=None,
        global_indexes=None,
        indexes=None,
        streams=None,
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    monkeypatch.setattr(roll_back.moto_models, "copy", roll_back._Copy())

    def key(place):
        return {"pk": {"S": "a"}, "sk": {"S": place}}

    backend.transact_write_items([{"Put": {"TableName": "l", "Item": key(place)}} for place in ("1", "2")])
    other = backend.get_item("l", key("2"))
    operations = [
        {"Delete": {"TableName": "l", "Key": key("1")}},
        {"Put": {"TableName": "l", "Item": key("3")}},
        {"Put": {"TableName": "l", "Item": key("2"), "ConditionExpression": "attribute_not_exists(pk)"}},
    ]

    with roll_back.transaction(operations), pytest.raises(TransactionCanceledException):
        backend.transact_write_items(operations)

    assert [backend.get_item("l", key(place)) is not None for place in ("1", "2", "3")] == [True, True, False]
    assert backend.get_item("l", key("2")).attrs == other.attrs


def test_a_cancelled_transaction_leaves_every_item_as_it_was(backend, monkeypatch):
    """The item that was updated before the failed condition has its old value."""
    monkeypatch.setattr(roll_back.moto_models, "copy", roll_back._Copy())
    backend.transact_write_items([put("a", n={"N": "1"}), put("b")])
    operations = [
        {
            "Update": {
                "TableName": "t",
                "Key": {"pk": {"S": "a"}},
                "UpdateExpression": "SET n = :n",
                "ExpressionAttributeValues": {":n": {"N": "2"}},
            }
        },
        put("c"),
        {"Put": {**put("b")["Put"], "ConditionExpression": "attribute_not_exists(pk)"}},
    ]

    with roll_back.transaction(operations), pytest.raises(TransactionCanceledException):
        backend.transact_write_items(operations)

    assert backend.get_item("t", {"pk": {"S": "a"}}).attrs["n"].value == "1"
    assert backend.get_item("t", {"pk": {"S": "c"}}) is None


def test_a_token_is_answered_once():
    """The second try of a call gets the first one's answer, until DynamoDB forgets it."""
    memory = TokenMemory()
    memory.remember("scope", "token", "content", {"x": 1}, 0)

    assert memory.recall("scope", "token", "content", REMEMBERED_SECONDS - 1) == {"x": 1}
    assert memory.recall("scope", "token", "content", REMEMBERED_SECONDS + 1) is None


def test_a_token_with_another_content_is_refused():
    """One token cannot stand for two calls."""
    memory = TokenMemory()
    memory.remember("scope", "token", "content", {}, 0)

    with pytest.raises(CommonServiceException, match="same client token"):
        memory.recall("scope", "token", "other", 1)


def test_expired_items_are_removed_and_others_kept(backend):
    """Only a number in the TTL attribute, and only one that is past."""
    backend.update_time_to_live("t", {"AttributeName": "expires_at", "Enabled": True})
    backend.transact_write_items(
        [
            put("past", expires_at={"N": "99"}),
            put("future", expires_at={"N": "101"}),
            put("text", expires_at={"S": "1"}),
            put("none"),
        ]
    )

    assert sweep(backend.get_table("t"), now=100) == 1
    assert backend.get_item("t", {"pk": {"S": "past"}}) is None
    assert backend.get_item("t", {"pk": {"S": "text"}})
