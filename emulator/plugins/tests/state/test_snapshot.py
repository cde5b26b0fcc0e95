"""What is held is put back into the very same objects."""

import threading

from localprocs.state.snapshot import Snapshot
from localstack.services.sqs.models import FifoQueue, SqsStore, StandardQueue, sqs_stores
from localstack.services.stores import AccountRegionBundle
from moto.dynamodb.models import DynamoDBBackend


def held() -> tuple[AccountRegionBundle[SqsStore], StandardQueue]:
    stores: AccountRegionBundle[SqsStore] = AccountRegionBundle("sqs", SqsStore)
    queue = StandardQueue("orders", "us-east-1", "000000000000")
    stores["000000000000"]["us-east-1"].queues["orders"] = queue
    return stores, queue


def put(queue: StandardQueue | FifoQueue, body: str, **named: str) -> str:
    message = {"MessageId": body, "Body": body, "MD5OfBody": "", "Attributes": {}}
    return queue.put(message, **named).message_id


def test_a_queue_is_itself_again_with_what_it_held() -> None:
    """What came since is gone, what went is back, in flight what was, with its receipt handle."""
    stores, queue = held()
    put(queue, "seen")
    handle = queue.receive(num_messages=1, visibility_timeout=300, wait_time_seconds=0).receipt_handles[0]
    put(queue, "waits")
    snapshot = Snapshot({"sqs": stores})

    queue.remove(handle)
    queue.receive(num_messages=1, visibility_timeout=300, wait_time_seconds=0)
    put(queue, "late")
    stores["000000000000"]["eu-west-1"].queues["other"] = StandardQueue("other", "eu-west-1", "000000000000")
    for _ in range(2):
        snapshot.restore()
        assert stores["000000000000"]["us-east-1"].queues == {"orders": queue}
        assert list(stores["000000000000"]) == ["us-east-1"]
        assert [it.message_id for it in queue.inflight] == ["seen"]
        assert [it.message_id for it in queue.visible.queue] == ["waits"]
        queue.remove(handle)


def test_who_waits_on_a_queue_gets_what_was_put_back() -> None:
    """A thread in a long poll knows the queue by itself, and not a copy of it."""
    stores, queue = held()
    put(queue, "one")
    snapshot = Snapshot({"sqs": stores})
    queue.receive(num_messages=1, visibility_timeout=300, wait_time_seconds=0)
    got: list[str] = []
    waiting = threading.Thread(target=lambda: got.append(queue.visible.get(timeout=50).message_id))
    waiting.start()

    snapshot.restore()
    waiting.join(50)

    assert got == ["one"]


def test_a_fifo_queue_knows_its_groups_and_what_it_has_had() -> None:
    """Order within the group, and deduplication."""
    stores: AccountRegionBundle[SqsStore] = AccountRegionBundle("sqs", SqsStore)
    queue = FifoQueue("orders.fifo", "us-east-1", "000000000000", {"FifoQueue": "true"})
    stores["000000000000"]["us-east-1"].queues["orders.fifo"] = queue
    for body in ("a", "b"):
        put(queue, body, message_group_id="g", message_deduplication_id=body)
    snapshot = Snapshot({"sqs": stores})
    queue.clear()

    snapshot.restore()
    put(queue, "a", message_group_id="g", message_deduplication_id="a")

    received = queue.receive(num_messages=10, visibility_timeout=300, wait_time_seconds=0).successful
    assert [it.message_id for it in received] == ["a", "b"]


def test_a_table_of_motos_has_its_items_back() -> None:
    """A deleted table, too."""
    backend = DynamoDBBackend("us-east-1", "000000000000")
    table = backend.create_table(
        "t",
        schema=[{"AttributeName": "k", "KeyType": "HASH"}],
        attr=[{"AttributeName": "k", "AttributeType": "S"}],
        throughput=None, indexes=[], global_indexes=[], streams=None, billing_mode="PAY_PER_REQUEST",
        sse_specification=None, tags=[], deletion_protection_enabled=False, warm_throughput=None,
    )  # fmt: skip
    backend.put_item("t", {"k": {"S": "1"}})
    snapshot = Snapshot({"dynamodb": {"it": backend}})
    backend.put_item("t", {"k": {"S": "2"}})
    backend.delete_table("t")

    snapshot.restore()

    assert backend.tables["t"] is table
    assert [key.value for key in table.items] == ["1"]


def test_what_is_of_the_process_itself_is_left_alone() -> None:
    """The stores of this process lead to locks and functions, which nobody can copy."""
    queue = sqs_stores["000000000000"]["us-east-1"].queues["mine"] = StandardQueue("mine", "us-east-1", "000000000000")
    mutex = queue.mutex
    try:
        snapshot = Snapshot({"sqs": sqs_stores})
        snapshot.restore()
        assert queue.mutex is mutex
    finally:
        sqs_stores.reset()
