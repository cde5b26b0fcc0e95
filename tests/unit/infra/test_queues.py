"""The queues, their key, the state table."""

import pytest

from huntaze_scraper.settings import WorkerSettings
from tests.unit.infra.template import Assembly, Json, text

DAY = 24 * 3600
INGRESS, INGRESS_DLQ = "huntaze-rate-limiter-queue", "huntaze-rate-limiter-queue-dlq"
WORKFLOWS, WORKFLOWS_DLQ = "huntaze-hybrid-workflows.fifo", "huntaze-hybrid-workflows-dlq.fifo"


@pytest.fixture
def queues(assembly: Assembly) -> dict[str, Json]:
    """Return the queues' resources by name."""
    return {it["Properties"]["QueueName"]: it for it in assembly["Queues"].of_type("AWS::SQS::Queue").values()}


def test_there_are_two_queues_each_with_a_dlq(queues: dict[str, Json]) -> None:
    """The plan's names, and nothing beside them."""
    assert set(queues) == {INGRESS, INGRESS_DLQ, WORKFLOWS, WORKFLOWS_DLQ}


@pytest.mark.requirement("2.1")
def test_the_workflows_queue_and_its_dlq_are_fifo(queues: dict[str, Json]) -> None:
    """One creator's jobs keep their order, also when they are set aside."""
    fifo = {name for name, it in queues.items() if it["Properties"].get("FifoQueue")}
    assert fifo == {WORKFLOWS, WORKFLOWS_DLQ}


def test_a_job_is_hidden_for_as_long_as_the_scraper_believes(queues: dict[str, Json]) -> None:
    """300 seconds, written once in the settings."""
    assert queues[WORKFLOWS]["Properties"]["VisibilityTimeout"] == WorkerSettings.visibility_seconds == 300


def test_the_limiter_has_six_time_outs_before_its_message_comes_back(
    assembly: Assembly, queues: dict[str, Json]
) -> None:
    """What AWS asks of a queue that feeds a function."""
    timeout = assembly["RateLimiter"].only("AWS::Lambda::Function")["Timeout"]
    assert queues[INGRESS]["Properties"]["VisibilityTimeout"] >= 6 * timeout


def test_no_message_is_dropped_for_its_age_before_it_was_set_aside(queues: dict[str, Json]) -> None:
    """Workflows and DLQs keep 14 days, the most there is; ingress less, for a standard DLQ counts its age from there."""
    kept = {name: it["Properties"]["MessageRetentionPeriod"] / DAY for name, it in queues.items()}
    assert kept == {INGRESS: 10, INGRESS_DLQ: 14, WORKFLOWS: 14, WORKFLOWS_DLQ: 14}


def test_a_dead_letter_queue_has_room_for_the_reason_beside_the_largest_message(queues: dict[str, Json]) -> None:
    """The queues take SQS's classic 256 KiB, their dead-letter queues four times that."""
    most = {name: it["Properties"]["MaximumMessageSize"] for name, it in queues.items()}
    assert most == {INGRESS: 262_144, INGRESS_DLQ: 1_048_576, WORKFLOWS: 262_144, WORKFLOWS_DLQ: 1_048_576}


def test_receives_alone_hardly_ever_end_in_a_dlq(assembly: Assembly, queues: dict[str, Json]) -> None:
    """Redrive is the net under what dies uncounted: far above the 3 failures that count, and to the right queue."""
    template = assembly["Queues"]
    ids = {it["Properties"]["QueueName"]: name for name, it in template.of_type("AWS::SQS::Queue").items()}
    # The ingress queue's outlast a store that is down for as long as a message is kept: a receive each 900 s, 10 days long.
    for source, target, least in ((INGRESS, INGRESS_DLQ, 10 * 86400 / 900), (WORKFLOWS, WORKFLOWS_DLQ, 100)):
        redrive = queues[source]["Properties"]["RedrivePolicy"]
        assert redrive["maxReceiveCount"] >= least
        assert text(redrive["deadLetterTargetArn"]) == f"${{{ids[target]}.Arn}}"


@pytest.mark.requirement("8.3")
def test_every_queue_is_encrypted_with_the_key_that_rotates(assembly: Assembly, queues: dict[str, Json]) -> None:
    """One customer-managed key, rotated by KMS."""
    ((key, body),) = assembly["Queues"].of_type("AWS::KMS::Key").items()
    assert body["Properties"]["EnableKeyRotation"] is True
    assert {text(it["Properties"]["KmsMasterKeyId"]) for it in queues.values()} == {f"${{{key}.Arn}}"}


def test_no_queue_takes_a_request_without_tls(assembly: Assembly, queues: dict[str, Json]) -> None:
    """Each queue's policy denies it."""
    template = assembly["Queues"]
    denied = set()
    for policy in template.properties("AWS::SQS::QueuePolicy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}:
                denied |= {text(queue) for queue in policy["Queues"]}
    assert denied == {f"${{{name}}}" for name in template.of_type("AWS::SQS::Queue")}
    assert len(denied) == len(queues)


def test_the_state_table_is_keyed_expires_recovers_and_is_encrypted(assembly: Assembly) -> None:
    """One string key, a TTL, point-in-time recovery, our key, billed by request."""
    table = assembly["Queues"].only("AWS::DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert table["AttributeDefinitions"] == [{"AttributeName": "pk", "AttributeType": "S"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["DeletionProtectionEnabled"] is True


def test_what_holds_data_outlives_its_stack(assembly: Assembly) -> None:
    """Queues, key, table, results, credentials, images and logs stay when a stack is deleted or a resource replaced."""
    stateful = {
        "AWS::SQS::Queue",
        "AWS::KMS::Key",
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
        "AWS::ECR::Repository",
    }
    checked = set()
    for stack, name, body in assembly.resources():
        if body["Type"] in stateful:
            checked.add(body["Type"])
            assert body.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"), f"{stack} {name}"
            assert body.get("UpdateReplacePolicy") == "Retain", f"{stack} {name}"
    assert checked == stateful
    for stack, name, body in assembly.resources():
        if body["Type"] == "AWS::Logs::LogGroup":
            assert body["Properties"]["RetentionInDays"] == 30, f"{stack} {name}"
            # Who spoke with whom on the network is of use only while the network is there.
            assert body["DeletionPolicy"] == ("Delete" if stack == "HuntazeNetwork" else "RetainExceptOnCreate"), name


def test_what_has_a_fixed_name_does_not_stay_after_a_failed_first_deployment(assembly: Assembly) -> None:
    """Else the second try would find the name taken."""
    for stack, name, body in assembly.resources():
        if body["Type"] in ("AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::ECR::Repository"):
            assert body["DeletionPolicy"] == "RetainExceptOnCreate", f"{stack} {name}"
