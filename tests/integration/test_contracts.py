"""The emulator keeps what the pipeline relies on of AWS: the promises that the simulation's models keep as well."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.contracts import promises
from tests.contracts.cloud import Cloud


@pytest.fixture
def cloud(emulator: Clients, clock: Clock) -> Iterator[Cloud]:
    """Queues, tables, a bucket and a secret of its own for each promise."""
    name = f"contract-{uuid4().hex[:8]}"

    def queue(suffix: str, **attributes: str) -> str:
        return str(emulator.sqs.create_queue(QueueName=f"{name}{suffix}", Attributes=attributes)["QueueUrl"])  # type: ignore[arg-type]

    def redriven_to(url: str) -> dict[str, str]:
        names: Any = ["QueueArn"]
        arn = emulator.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
        return {
            "RedrivePolicy": f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "3"}}',
            "VisibilityTimeout": "30",
        }

    fifo = {"FifoQueue": "true"}
    dlq, fifo_dlq = queue("-dlq"), queue("-dlq.fifo", **fifo)
    for table, keys in ((name, ("pk",)), (f"{name}-line", ("pk", "sk"))):
        kinds = dict(zip(("pk", "sk"), ("HASH", "RANGE"), strict=True))
        emulator.dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": kinds[key]} for key in keys],  # type: ignore[typeddict-item]
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    emulator.s3.create_bucket(Bucket=name)
    emulator.secretsmanager.create_secret(Name=name, SecretString="one")
    made = Cloud(
        sqs=emulator.sqs,
        dynamodb=emulator.dynamodb,
        s3=emulator.s3,
        secretsmanager=emulator.secretsmanager,
        logs=emulator.logs,
        queue=queue("", **redriven_to(dlq)),
        dlq=dlq,
        fifo=queue(".fifo", **fifo, **redriven_to(fifo_dlq)),
        table=name,
        line=f"{name}-line",
        bucket=name,
        secret=name,
        now=clock.now,
        wait=clock.jump,
    )
    yield made
    for url in (made.queue, made.fifo, dlq, fifo_dlq):
        emulator.sqs.delete_queue(QueueUrl=url)
    for table in (made.table, made.line):
        emulator.dynamodb.delete_table(TableName=table)
    for group in emulator.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
        emulator.logs.delete_log_group(logGroupName=group["logGroupName"])
    emulator.secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


DIFFERENT = (promises.twelve_hours_are_the_longest, promises.an_item_has_room_for_400_kilobytes)
"""Each is a row of docs/emulator-differences.md."""


@pytest.mark.parametrize("promise", promises.PROMISES, ids=lambda it: it.__name__)
def test_the_emulator_keeps_what_the_pipeline_relies_on(
    cloud: Cloud, promise: promises.Promise, pytestconfig: pytest.Config
) -> None:
    """The same promises as the models', by the same code; what it does not keep is told."""
    if promise in DIFFERENT and pytestconfig.getoption("--backend") != "aws":
        with pytest.raises(AssertionError):
            promise(cloud)
        return
    promise(cloud)
