"""The promises, each a function of a cloud."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contracts.cloud import Cloud, refusal

type Promise = Callable[[Cloud], None]

NO_SUCH_MESSAGE = {
    "ReceiptHandleIsInvalid",
    "InvalidParameterValue",
    "MessageNotInflight",
    "InvalidParameterValueException",
}


def a_message_in_hand_is_hidden_and_comes_back_with_a_higher_count(cloud: Cloud) -> None:
    """At least once, never at the same time."""
    cloud.send("a message")
    (first,) = cloud.receive(cloud.queue)
    assert cloud.receive(cloud.queue) == []
    cloud.wait(31)
    (again,) = cloud.receive(cloud.queue)
    assert again["MessageId"] == first["MessageId"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert again["Attributes"]["SentTimestamp"] == first["Attributes"]["SentTimestamp"]
    cloud.sqs.delete_message(QueueUrl=cloud.queue, ReceiptHandle=again["ReceiptHandle"])
    cloud.wait(31)
    assert cloud.receive(cloud.queue) == []


def visibility_may_be_changed_while_in_hand(cloud: Cloud) -> None:
    """Longer, or to nothing."""
    cloud.send("a message")
    (it,) = cloud.receive(cloud.queue)
    cloud.sqs.change_message_visibility(QueueUrl=cloud.queue, ReceiptHandle=it["ReceiptHandle"], VisibilityTimeout=90)
    cloud.wait(31)
    assert cloud.receive(cloud.queue) == []
    cloud.sqs.change_message_visibility(QueueUrl=cloud.queue, ReceiptHandle=it["ReceiptHandle"], VisibilityTimeout=0)
    assert len(cloud.receive(cloud.queue)) == 1


def twelve_hours_are_the_longest(cloud: Cloud) -> None:
    """A visibility beyond them is refused."""
    cloud.send("a message")
    (it,) = cloud.receive(cloud.queue)
    too_long: Any = {"QueueUrl": cloud.queue, "ReceiptHandle": it["ReceiptHandle"], "VisibilityTimeout": 43_201}
    assert refusal(lambda: cloud.sqs.change_message_visibility(**too_long)) in NO_SUCH_MESSAGE


def one_entry_of_a_batch_fails_alone(cloud: Cloud) -> None:
    """The call succeeds, and its answer tells which."""
    for number in range(2):
        cloud.send(f"message {number}")
    received = [it for _ in range(5) for it in cloud.receive(cloud.queue)]
    gone, there = received[:2]
    cloud.sqs.delete_message(QueueUrl=cloud.queue, ReceiptHandle=gone["ReceiptHandle"])
    entries = [
        {"Id": name, "ReceiptHandle": it["ReceiptHandle"], "VisibilityTimeout": 60}
        for name, it in (("gone", gone), ("there", there))
    ]
    answer = cloud.sqs.change_message_visibility_batch(QueueUrl=cloud.queue, Entries=entries)
    assert [it["Id"] for it in answer["Successful"]] == ["there"]
    assert [it["Id"] for it in answer["Failed"]] == ["gone"]


def more_than_ten_entries_are_refused(cloud: Cloud) -> None:
    """Of any batch."""
    entries = [{"Id": str(number), "MessageBody": "a message"} for number in range(11)]
    assert refusal(lambda: cloud.sqs.send_message_batch(QueueUrl=cloud.queue, Entries=entries)).endswith(
        "TooManyEntriesInBatchRequest"
    )


def what_is_received_too_often_goes_to_the_dead_letters(cloud: Cloud) -> None:
    """At the receive after the last one that is allowed."""
    sent = cloud.send("poison")
    for _ in range(3):
        assert len(cloud.receive(cloud.queue)) == 1
        cloud.wait(31)
    assert cloud.receive(cloud.queue) == []
    (dead,) = cloud.receive(cloud.dlq)
    assert (dead["MessageId"], dead["Body"]) == (sent, "poison")


def a_group_in_hand_is_silent_and_others_are_not(cloud: Cloud) -> None:
    """Until what was received is deleted or comes back."""
    for group, body in (("a", "one"), ("b", "two"), ("a", "three")):
        cloud.send(body, group)
    (first,) = cloud.receive(cloud.fifo, 1)
    group = first["Attributes"]["MessageGroupId"]
    rest = cloud.receive(cloud.fifo)
    assert {it["Attributes"]["MessageGroupId"] for it in rest} == {"a", "b"} - {group}


def a_group_comes_in_the_order_in_which_it_was_sent(cloud: Cloud) -> None:
    """Several in one receive."""
    for number in range(5):
        cloud.send(f"number-{number}", "a")
    assert [it["Body"] for it in cloud.receive(cloud.fifo)] == [f"number-{number}" for number in range(5)]


def the_first_of_a_group_that_is_hidden_keeps_the_rest_back(cloud: Cloud) -> None:
    """Order holds whatever visibility is given."""
    for number in range(3):
        cloud.send(f"number-{number}", "a")
    received = cloud.receive(cloud.fifo)
    for it, seconds in zip(received, (60, 0, 0), strict=True):
        cloud.sqs.change_message_visibility(
            QueueUrl=cloud.fifo, ReceiptHandle=it["ReceiptHandle"], VisibilityTimeout=seconds
        )
    assert cloud.receive(cloud.fifo) == []
    cloud.wait(61)
    assert [it["Body"] for it in cloud.receive(cloud.fifo)] == ["number-0", "number-1", "number-2"]


def a_copy_is_dropped_for_five_minutes_deleted_or_not(cloud: Cloud) -> None:
    """And taken after them."""
    cloud.send("a-job", "a")
    cloud.send("a-job", "a")
    (it,) = cloud.receive(cloud.fifo)
    cloud.sqs.delete_message(QueueUrl=cloud.fifo, ReceiptHandle=it["ReceiptHandle"])
    cloud.send("a-job", "a")
    assert cloud.receive(cloud.fifo) == []
    cloud.wait(301)
    cloud.send("a-job", "a")
    assert len(cloud.receive(cloud.fifo)) == 1


def a_handle_of_a_fifo_queue_is_good_for_its_visibility(cloud: Cloud) -> None:
    """What came back may not be deleted by who had it before."""
    cloud.send("a-job", "a")
    (first,) = cloud.receive(cloud.fifo)
    cloud.wait(31)
    (again,) = cloud.receive(cloud.fifo)
    old = refusal(lambda: cloud.sqs.delete_message(QueueUrl=cloud.fifo, ReceiptHandle=first["ReceiptHandle"]))
    assert old in NO_SUCH_MESSAGE
    cloud.sqs.delete_message(QueueUrl=cloud.fifo, ReceiptHandle=again["ReceiptHandle"])
    cloud.wait(31)
    assert cloud.receive(cloud.fifo) == []


def an_old_handle_of_a_fifo_queue_hides_nothing(cloud: Cloud) -> None:
    """Whether it is refused or taken without effect: whoever had a message before may not keep it from others."""
    cloud.send("a-job", "a")
    (first,) = cloud.receive(cloud.fifo)
    old: Any = {"QueueUrl": cloud.fifo, "ReceiptHandle": first["ReceiptHandle"], "VisibilityTimeout": 600}
    cloud.wait(31)
    with suppress(ClientError):
        cloud.sqs.change_message_visibility(**old)
    assert len(cloud.receive(cloud.fifo)) == 1
    with suppress(ClientError):
        cloud.sqs.change_message_visibility(**old)
    cloud.wait(31)
    assert len(cloud.receive(cloud.fifo)) == 1


def an_id_has_no_blanks(cloud: Cloud) -> None:
    """Neither a group's nor that of a content."""
    for group, name in (("a", "with a blank"), ("with a blank", "a"), ("a", "x" * 129)):
        assert refusal(lambda group=group, name=name: cloud.send("a-job", group, name)) == "InvalidParameterValue"


def a_failed_condition_shows_the_item_and_changes_nothing(cloud: Cloud) -> None:
    """Where that was asked for."""
    one = {":one": {"N": "1"}}
    cloud.update("k", "SET n = :one", ExpressionAttributeValues=one)
    with pytest.raises(ClientError) as refused:
        cloud.update(
            "k",
            "SET n = :two",
            ConditionExpression="n > :one",
            ExpressionAttributeValues={**one, ":two": {"N": "2"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert refused.value.response["Item"]["n"] == {"N": "1"}  # type: ignore[typeddict-item]
    assert cloud.item("k")["n"] == {"N": "1"}


def an_update_makes_the_item_and_counts_from_nothing(cloud: Cloud) -> None:
    """SET with a default, ADD, REMOVE, all of the item as it was before."""
    values = {":one": {"N": "1"}, ":new": {"S": "new"}}
    change = "SET a = if_not_exists(b, :new), #state = :new ADD n :one REMOVE c"
    told = cloud.update(
        "fresh",
        change,
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues=values,
        ReturnValues="ALL_NEW",
    )
    assert told == {"pk": {"S": "fresh"}, "a": {"S": "new"}, "state": {"S": "new"}, "n": {"N": "1"}}
    told = cloud.update(
        "fresh",
        "SET m = n - :one ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    assert told == {"m": {"N": "0"}, "n": {"N": "2"}}


def what_an_expression_may_not_be_is_refused(cloud: Cloud) -> None:
    """Values that nothing uses, places that stand for nothing, words that DynamoDB keeps for itself."""
    one = {":one": {"N": "1"}}
    for change, more in (
        ("SET n = :one", {":one": {"N": "1"}, ":two": {"N": "2"}}),
        ("SET n = :nothing", one),
        ("SET state = :one", one),
        ("SET n = :one, n = :one", one),
        ("SET m = absent - :one", one),
    ):
        code = refusal(lambda change=change, more=more: cloud.update("k", change, ExpressionAttributeValues=more))
        assert code == "ValidationException", change


def an_item_has_room_for_400_kilobytes(cloud: Cloud) -> None:
    """One that is larger is refused, and nothing is written."""
    large = {":large": {"B": b"x" * 410_000}}
    assert (
        refusal(lambda: cloud.update("large", "SET b = :large", ExpressionAttributeValues=large))
        == "ValidationException"
    )
    assert cloud.item("large") == {}


def conditions_know_what_is_not_there(cloud: Cloud) -> None:
    """An attribute that is absent is unequal to all and neither more nor less than any."""
    one = {":one": {"N": "1"}}
    cloud.update("k", "SET n = :one", ExpressionAttributeValues=one)
    for condition, holds in (
        ("absent <> :one", True),
        ("absent = :one", False),
        ("absent < :one", False),
        ("attribute_not_exists(absent)", True),
        ("attribute_exists(n) AND (n <= :one OR absent = :one)", True),
        ("n < :one OR absent <= :one", False),
    ):
        code = refusal(
            lambda condition=condition: cloud.update(
                "k", "SET n = :one", ConditionExpression=condition, ExpressionAttributeValues=one
            )
        )
        assert code == ("" if holds else "ConditionalCheckFailedException"), condition


def a_transaction_is_carried_out_whole_or_not_at_all(cloud: Cloud) -> None:
    """It says of each part why not; with one token it is carried out once."""

    def put(key: str, **more: Any) -> Any:
        return {"Put": {"TableName": cloud.table, "Item": {"pk": {"S": key}, "n": {"N": "1"}}, **more}}

    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    cloud.dynamodb.transact_write_items(TransactItems=[put("x", **absent), put("y")], ClientRequestToken="t" * 32)
    cloud.dynamodb.transact_write_items(TransactItems=[put("x", **absent), put("y")], ClientRequestToken="t" * 32)
    with pytest.raises(ClientError) as cancelled:
        cloud.dynamodb.transact_write_items(TransactItems=[put("z"), put("x", **absent)])
    reasons = cancelled.value.response["CancellationReasons"]  # type: ignore[typeddict-item]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert cloud.item("z") == {}
    gets: Any = [{"Get": {"TableName": cloud.table, "Key": {"pk": {"S": key}}}} for key in ("x", "z", "y")]
    told = cloud.dynamodb.transact_get_items(TransactItems=gets)["Responses"]
    assert [bool(each.get("Item")) for each in told] == [True, False, True]


def a_partition_is_read_in_order_page_by_page(cloud: Cloud) -> None:
    """By the sort key, after the last one that was told."""
    for sk in ("c", "a", "b", "d"):
        item: Any = {"pk": {"S": "p"}, "sk": {"S": sk}}
        cloud.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": cloud.line, "Item": item}}])
    query: Any = {
        "TableName": cloud.line,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "p"}},
        "ConsistentRead": True,
        "Limit": 3,
    }
    page = cloud.dynamodb.query(**query)
    rest = cloud.dynamodb.query(**query, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert [it["sk"]["S"] for it in page["Items"]] == ["a", "b", "c"]
    assert [it["sk"]["S"] for it in rest["Items"]] == ["d"]


def some_of_an_item_may_be_asked_for(cloud: Cloud) -> None:
    """What is not there is left out."""
    cloud.update("k", "SET n = :one", ExpressionAttributeValues={":one": {"N": "1"}})
    told = cloud.item("k", ProjectionExpression="#n, #m", ExpressionAttributeNames={"#n": "n", "#m": "m"})
    assert told == {"n": {"N": "1"}}


def many_items_may_be_asked_for_at_once(cloud: Cloud) -> None:
    """What is not there is left out; in no order."""
    for key in ("a", "b"):
        cloud.update(key, "SET n = :one", ExpressionAttributeValues={":one": {"N": "1"}})
    keys = [{"pk": {"S": key}} for key in ("a", "none", "b")]
    answer = cloud.dynamodb.batch_get_item(RequestItems={cloud.table: {"Keys": keys, "ConsistentRead": True}})
    assert sorted(it["pk"]["S"] for it in answer["Responses"][cloud.table]) == ["a", "b"]
    assert not answer["UnprocessedKeys"]


def log_lines_are_found_by_what_stands_in_them(cloud: Cloud) -> None:
    """A term in quotes stands anywhere; of terms with a question mark one is enough; no pattern finds all."""
    group, now = cloud.secret, int(cloud.now() * 1000)
    cloud.logs.create_log_group(logGroupName=group)
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="one")
    said = ['{"who": "anna", "event": "came"}', '{"who": "anna b", "event": "went"}', '{"who": "\\"q\\""}']
    events: Any = [{"timestamp": now - 3000 + place, "message": text} for place, text in enumerate(said)]
    cloud.logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    def found(pattern: str = "", begin: int = now - 3000, end: int = now) -> list[int]:
        only = {"filterPattern": pattern} if pattern else {}
        pages = cloud.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=begin, endTime=end, **only
        )
        return [it["timestamp"] - now + 3000 for page in pages for it in page["events"]]

    assert found() == [0, 1, 2]
    assert found('"anna"') == [0, 1]
    assert found('?"came" ?"went"') == [0, 1]
    assert found(r'"\\\"q\\\""') == [2]
    assert found(begin=now - 2999, end=now - 2998) == [1, 2]
    nowhere: Any = {"logGroupName": "no-such-group", "startTime": 0, "endTime": 1}
    assert refusal(lambda: cloud.logs.filter_log_events(**nowhere)) == "ResourceNotFoundException"


def objects_are_there_as_soon_as_they_are_written(cloud: Cloud) -> None:
    """What is not there is told by its code, an upload that never was as well."""
    cloud.s3.put_object(Bucket=cloud.bucket, Key="a/b.json", Body=b"{}", ContentType="application/json")
    assert cloud.s3.get_object(Bucket=cloud.bucket, Key="a/b.json")["Body"].read() == b"{}"
    assert refusal(lambda: cloud.s3.get_object(Bucket=cloud.bucket, Key="a/c.json")) == "NoSuchKey"
    upload: Any = {"Bucket": cloud.bucket, "Key": "a/b", "UploadId": "none"}
    assert refusal(lambda: cloud.s3.abort_multipart_upload(**upload)) == "NoSuchUpload"


def a_secret_has_a_current_version_and_a_pending_one(cloud: Cloud) -> None:
    """The label moves when it is told to; what is not there is told."""
    client, token = cloud.secretsmanager, "p" * 32
    client.put_secret_value(
        SecretId=cloud.secret, ClientRequestToken=token, SecretString="two", VersionStages=["AWSPENDING"]
    )
    assert client.get_secret_value(SecretId=cloud.secret)["SecretString"] == "one"
    pending = client.get_secret_value(SecretId=cloud.secret, VersionStage="AWSPENDING", VersionId=token)
    assert pending["SecretString"] == "two"
    stages = client.describe_secret(SecretId=cloud.secret)["VersionIdsToStages"]
    before = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
    client.update_secret_version_stage(
        SecretId=cloud.secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=before
    )
    assert client.get_secret_value(SecretId=cloud.secret)["SecretString"] == "two"
    assert refusal(lambda: client.get_secret_value(SecretId="no-such-secret")) == "ResourceNotFoundException"


PROMISES: list[Promise] = [
    it for it in list(globals().values()) if callable(it) and it.__module__ == __name__ and it.__name__.islower()
]
