"""PartiQL finds and changes what DynamoDB's would."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from localprocs.dynamodb import counting
from localprocs.dynamodb.idempotency import transact_once
from localprocs.dynamodb.partiql import handlers
from localprocs.dynamodb.service import make
from localprocs.moto_services import ask_moto
from localstack.aws.api import CommonServiceException, ServiceException
from localstack.aws.forwarder import create_aws_request_context

ACCOUNT, REGION = "000000000000", "us-east-1"


def call(operation: str, **request: Any) -> Any:
    """Call DynamoDB."""
    context = create_aws_request_context("dynamodb", operation, parameters=request, region=REGION)
    context.request.headers["x-moto-account-id"] = ACCOUNT
    context.account_id, context.region, context.service_request = ACCOUNT, REGION, request
    known = {**handlers.handlers(transact_once()), "Scan": counting.without_items(lambda it, _: ask_moto(it))}
    return known.get(operation, lambda it, _: ask_moto(it))(context, request)


@pytest.fixture
def table() -> Iterator[str]:
    """A table of items a0, a1, a2, b0, b1, b2."""
    name = f"t{uuid4().hex[:8]}"
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    kinds = [("pk", "S"), ("sk", "N"), ("v", "N")]
    call(
        "CreateTable",
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": it, "AttributeType": kind} for it, kind in kinds],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-v",
                "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for partition in "ab":
        for place in range(3):
            item: dict[str, Any] = {
                "pk": {"S": partition},
                "sk": {"N": str(place)},
                "v": {"N": str(place * 10)},
                "m": {"M": {"x": {"S": f"{partition}{place}"}}},
                "l": {"L": [{"N": str(place)}]},
            }
            if place == 1:
                item |= {"opt": {"S": "it's here"}, "none": {"NULL": True}}
            call("PutItem", TableName=name, Item=item)
    yield name
    call("DeleteTable", TableName=name)


def run(statement: str, *parameters: Any, **more: Any) -> Any:
    """Execute a statement."""
    given = {"Parameters": list(parameters)} if parameters else {}
    return call("ExecuteStatement", Statement=statement, **given, **more)


def named(items: Any) -> list[str]:
    """Return the items' names."""
    return [f"{item['pk']['S']}{item['sk']['N']}" for item in items]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("", "a0 a1 a2 b0 b1 b2"),
        ("WHERE pk='a'", "a0 a1 a2"),
        ("WHERE pk = 'a' AND sk=1", "a1"),
        ("WHERE pk='a' AND sk>=1", "a1 a2"),
        ("WHERE pk='a' AND sk BETWEEN 1 AND 2", "a1 a2"),
        ("WHERE pk='a' AND v=10", "a1"),
        ("WHERE pk='a' ORDER BY sk DESC", "a2 a1 a0"),
        ("WHERE sk>0", "a1 a2 b1 b2"),
        ("WHERE pk='a' OR pk='b'", "a0 a1 a2 b0 b1 b2"),
        ("WHERE pk IN ['a','c']", "a0 a1 a2"),
        ("WHERE (pk='a' AND sk=1) OR (pk='b' AND sk=2)", "a1 b2"),
        ("WHERE pk='a' AND sk=1 OR sk=2", "a1 a2 b2"),
        ("WHERE NOT pk='a'", "b0 b1 b2"),
        ("WHERE pk<>'a' AND v != 0", "b1 b2"),
        ("WHERE begins_with(opt,'it''s')", "a1 b1"),
        ("WHERE contains(\"opt\", 'here') and pk = 'b'", "b1"),
        ("WHERE opt IS MISSING AND pk='a'", "a0 a2"),
        ("WHERE opt IS NOT MISSING", "a1 b1"),
        ("WHERE none IS NULL", "a1 b1"),
        ("WHERE m.x='a2'", "a2"),
        ("WHERE l[0]=2", "a2 b2"),
        ("WHERE size(opt)=9", "a1 b1"),
        ("WHERE attribute_type(opt,'S') AND pk='a'", "a1"),
    ],
)
def test_where(table: str, condition: str, found: str) -> None:
    """Comparisons, sets, ranges, functions, absence, paths, and their combinations."""
    assert " ".join(named(run(f'SELECT * FROM "{table}" {condition}')["Items"])) == found


def test_parameters_take_their_places_in_order(table: str) -> None:
    """A statement and its parameters must fit."""
    assert named(run(f"SELECT * FROM {table} WHERE pk=? AND sk>?", {"S": "a"}, {"N": "0"})["Items"]) == ["a1", "a2"]
    with pytest.raises(CommonServiceException, match="Number of parameters"):
        run(f"SELECT * FROM {table} WHERE pk=?")


def test_an_index_a_projection_and_pages(table: str) -> None:
    """As the API has them."""
    assert named(run(f'SELECT * FROM "{table}"."by-v" WHERE v=10')["Items"]) == ["a1", "b1"]
    assert run(f"SELECT v, m.x FROM {table} WHERE pk='a' AND sk=2")["Items"] == [
        {"v": {"N": "20"}, "m": {"M": {"x": {"S": "a2"}}}}
    ]
    first = run(f"SELECT * FROM {table} WHERE pk='a'", Limit=2)
    second = run(f"SELECT * FROM {table} WHERE pk='a'", NextToken=first["NextToken"])
    assert (named(first["Items"]), named(second["Items"])) == (["a0", "a1"], ["a2"])


def test_an_update_changes_what_is_there_and_makes_nothing(table: str) -> None:
    """Under its conditions, and tells what was asked for."""
    told = run(f"UPDATE {table} SET v=v+5 SET w='new' REMOVE opt WHERE pk='a' AND sk=1 AND v=10 RETURNING ALL NEW *")
    assert {name: told["Items"][0].get(name) for name in ("v", "w", "opt")} == {
        "v": {"N": "15"},
        "w": {"S": "new"},
        "opt": None,
    }
    for condition in ("pk='a' AND sk=1 AND v=10", "pk='none' AND sk=1"):
        with pytest.raises(ServiceException) as refused:
            run(f"UPDATE {table} SET v=1 WHERE {condition}")
        assert refused.value.code == "ConditionalCheckFailedException"


def test_insert_and_delete(table: str) -> None:
    """What is there is not inserted again; what is not there is deleted without complaint."""
    item = "{'pk': 'c', 'sk': 1, 'tags': <<'x','y'>>, 'more': [1, true, null, {'a': 'b'}]}"
    run(f"INSERT INTO {table} VALUE {item}")
    (found,) = run(f"SELECT * FROM {table} WHERE pk='c'")["Items"]
    assert found["more"] == {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}, {"M": {"a": {"S": "b"}}}]}
    with pytest.raises(CommonServiceException, match="Duplicate primary key"):
        run(f"INSERT INTO {table} VALUE {item}")
    for _ in range(2):
        run(f"DELETE FROM {table} WHERE pk='c' AND sk=1")
    assert run(f"SELECT * FROM {table} WHERE pk='c'")["Items"] == []


def test_a_batch_tells_of_each_statement(table: str) -> None:
    """One that fails stops no other."""
    statements = [
        f"SELECT * FROM {table} WHERE pk='a' AND sk=1",
        f"INSERT INTO {table} VALUE {{'pk': 'a', 'sk': 1}}",
        "SELEC",
    ]
    answers = call("BatchExecuteStatement", Statements=[{"Statement": it} for it in statements])["Responses"]
    assert named([answers[0]["Item"]]) == ["a1"]
    assert [it.get("Error", {}).get("Code") for it in answers] == [None, "DuplicateItem", "ValidationError"]


def test_a_transaction_is_all_or_nothing(table: str) -> None:
    """And its reads are answered in order."""
    make_no_difference = [
        f"UPDATE {table} SET v=1 WHERE pk='a' AND sk=0",
        f"DELETE FROM {table} WHERE pk='a' AND sk=1 AND v=99",
    ]
    with pytest.raises(ServiceException):
        call("ExecuteTransaction", TransactStatements=[{"Statement": it} for it in make_no_difference])
    reads = [f"SELECT * FROM {table} WHERE pk='a' AND sk={place}" for place in (1, 0, 9)]
    answers = call("ExecuteTransaction", TransactStatements=[{"Statement": it} for it in reads])["Responses"]
    assert [it.get("Item", {}).get("v") for it in answers] == [{"N": "10"}, {"N": "0"}, None]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELEC * FROM {}", "well formed"),
        ("SELECT * FROM {} WHERE pk", "Unexpected end"),
        ("SELECT * FROM {} WHERE pk ~ 1", "well formed"),
        ("SELECT * FROM {} WHERE v=10 ORDER BY pk", "ORDER BY"),
        ("SELECT * FROM {} WHERE pk='a' GROUP BY pk", "Unexpected"),
        ("UPDATE {} SET v=1 WHERE pk='a'", "mandatory equality on all key attributes"),
        ("DELETE FROM {}", "mandatory equality"),
        ('SELECT * FROM "{}"."no-index"', "specified index"),
        ("SELECT * FROM nowhere", "resource not found"),
    ],
)
def test_what_makes_no_sense_is_refused(table: str, statement: str, said: str) -> None:
    """With an answer that says what, never with nothing found."""
    with pytest.raises(CommonServiceException, match=said):
        run(statement.format(table))


@pytest.mark.parametrize("more", [{}, {"FilterExpression": "sk > :n", "ExpressionAttributeValues": {":n": {"N": "0"}}}])
def test_a_scan_that_counts_returns_no_items(table: str, more: dict[str, Any]) -> None:
    """Only how many, and how many it looked at."""
    answer = call("Scan", TableName=table, Select="COUNT", **more)
    assert {name: answer.get(name) for name in ("Items", "Count", "ScannedCount")} == {
        "Items": None,
        "Count": 4 if more else 6,
        "ScannedCount": 6,
    }


def test_capacity_is_never_used_up(table: str) -> None:
    """A difference from AWS: a table of one unit takes whatever comes; rules of faults can throttle it."""
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    call("UpdateTable", TableName=table, BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    for place in range(50):
        call("PutItem", TableName=table, Item={"pk": {"S": "many"}, "sk": {"N": str(place)}, "text": {"S": "x" * 4000}})
    assert len(run(f"SELECT * FROM {table} WHERE pk='many'")["Items"]) == 50


def test_the_service_has_these_answers() -> None:
    """They are what DynamoDB's dispatch finds."""
    table = make().skeleton.dispatch_table
    assert {table[name].__module__ for name in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")} == {
        handlers.__name__
    }
