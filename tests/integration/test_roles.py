"""A role may do what its policies allow, and what it did is on record."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.harness.clients import Clients, http_client
from tests.lambda_scene import Scene


@pytest.fixture
def scene(emulator: Clients) -> Iterator[Scene]:
    """A role of its own, and what the test makes of it."""
    made = Scene(emulator)
    yield made
    made.clear()


def session(scene: Scene) -> boto3.Session:
    """Act as the role."""
    given = scene.emulator.sts.assume_role(RoleArn=scene.role, RoleSessionName="tester")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")


def client(scene: Scene, service: Any) -> Any:
    """Return a client of the role's session."""
    return session(scene).client(service, endpoint_url=scene.emulator.endpoint_url)


@pytest.mark.requirement("8.1")
def test_what_no_policy_allows_is_refused_and_recorded(scene: Scene) -> None:
    """In AWS's words, naming who, what and on what; the permission given, the same call succeeds."""
    queue = scene.queue()
    arn = scene.emulator.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs = client(scene, "sqs")

    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    scene.allow(["sqs:SendMessage"], arn)
    sqs.send_message(QueueUrl=queue, MessageBody="x")

    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert (
        f"assumed-role/{scene.role_name}/tester is not authorized to perform: sqs:SendMessage on resource: {arn}"
        in str(refused.value)
    )
    calls = http_client.get(f"{scene.emulator.endpoint_url}/_emulator/iam/calls").json()["calls"]
    own = [(it["action"], it["resource"], it["allowed"]) for it in calls if it["role"] == scene.role]
    assert own == [("sqs:SendMessage", arn, False), ("sqs:SendMessage", arn, True)]


@pytest.mark.parametrize(
    ("service", "call", "arguments", "code"),
    [
        ("dynamodb", "list_tables", {}, "AccessDeniedException"),
        ("s3", "list_buckets", {}, "AccessDenied"),
        ("secretsmanager", "list_secrets", {}, "AccessDeniedException"),
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}, "AccessDenied"),
        ("sns", "list_topics", {}, "AuthorizationError"),
        ("kms", "list_keys", {}, "AccessDeniedException"),
    ],
)
def test_each_service_refuses_in_its_own_way(
    scene: Scene, service: str, call: str, arguments: dict[str, Any], code: str
) -> None:
    """boto3 raises what it would on AWS."""
    with pytest.raises(ClientError) as refused:
        getattr(client(scene, service), call)(**arguments)

    assert refused.value.response["Error"]["Code"] == code


def test_an_encrypted_queue_needs_its_key_too(scene: Scene) -> None:
    """Whoever may send but not use the key cannot send."""
    administrator = scene.emulator._session.client("kms", endpoint_url=scene.emulator.endpoint_url)
    key = administrator.create_key()["KeyMetadata"]["Arn"]
    queue = scene.queue(KmsMasterKeyId=key)
    scene.allow(["sqs:SendMessage"])
    sqs = client(scene, "sqs")

    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    scene.allow(["sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"])
    sqs.send_message(QueueUrl=queue, MessageBody="x")

    assert refused.value.response["Error"]["Code"] == "KMS.AccessDeniedException"


def test_who_is_no_role_passes(emulator: Clients) -> None:
    """The harness and the tests have an administrator's credentials."""
    assert "QueueUrls" in {**emulator.sqs.list_queues(), "QueueUrls": []}
