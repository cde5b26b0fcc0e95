"""A role may do what its policies allow, and what it did is on record."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from localprocs.host import living_file, run_file
from localprocs.host.cli import main

from emulator.harness.clients import ACCOUNT_ID, REGION, Clients, http_client
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


def test_a_service_that_nobody_here_knows_by_name_is_evaluated(scene: Scene) -> None:
    """By AWS's reference: the action as policies name it, on the resource that the request names."""
    ssm = client(scene, "ssm")
    scene.allow(["ssm:GetParameter"], "arn:aws:ssm:us-east-1:000000000000:parameter/app/*")

    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/app/key")
    with pytest.raises(
        ClientError, match=r"ssm:GetParameter on resource: arn:aws:ssm:us-east-1:000000000000:parameter/x"
    ):
        ssm.get_parameter(Name="x")


def test_a_boundary_and_a_sessions_policy_limit_a_role(scene: Scene) -> None:
    """What both allow may be done."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    s3_alone = json.dumps({"Version": "2012-10-17", "Statement": {**everything, "Action": "s3:*"}})
    scene.allow(["*"])
    given = scene.emulator.sts.assume_role(RoleArn=scene.role, RoleSessionName="limited", Policy=s3_alone)[
        "Credentials"
    ]
    limited = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
    with pytest.raises(ClientError, match="no session policy allows the sqs:ListQueues action"):
        limited.client("sqs", endpoint_url=scene.emulator.endpoint_url).list_queues()

    boundary = scene.emulator.iam.create_policy(PolicyName=f"boundary-{scene.mark}", PolicyDocument=s3_alone)["Policy"]
    scene.emulator.iam.put_role_permissions_boundary(RoleName=scene.role_name, PermissionsBoundary=boundary["Arn"])
    client(scene, "s3").list_buckets()
    with pytest.raises(ClientError, match="no permissions boundary allows the sqs:ListQueues action"):
        client(scene, "sqs").list_queues()


def test_what_a_role_may_can_be_asked_and_what_it_used_is_told(scene: Scene) -> None:
    """By SimulatePrincipalPolicy, and by the report: what it lacked, what it did not use, the smallest policy."""
    scene.allow(["sqs:ListQueues", "sqs:SendMessage"])
    asked = ["sqs:ListQueues", "s3:ListAllMyBuckets"]
    answer = scene.emulator.iam.simulate_principal_policy(PolicySourceArn=scene.role, ActionNames=asked)
    assert [it["EvalDecision"] for it in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]

    client(scene, "sqs").list_queues()
    with pytest.raises(ClientError, match="AccessDenied"):
        client(scene, "s3").list_buckets()
    told = http_client.get(f"{scene.emulator.endpoint_url}/_emulator/iam/report").json()["roles"]
    (own,) = [it for it in told if it["role"] == scene.role]
    assert own["used_not_granted"] == [{"action": "s3:ListAllMyBuckets", "resource": "*"}]
    assert [it["action"] for it in own["granted_not_used"]] == ["sqs:SendMessage"]
    (statement,) = own["smallest_policy"]["Statement"]
    assert statement["Action"] == ["s3:ListAllMyBuckets", "sqs:ListQueues"]


def test_the_command_tells_of_a_role(scene: Scene, tmp_path: Path) -> None:
    """``localprocs iam``, of the cloud that its file names."""
    scene.allow(["sqs:ListQueues", "sqs:SendMessage"])
    client(scene, "sqs").list_queues()
    file = tmp_path / "up.json"
    endpoint = str(scene.emulator.endpoint_url)
    living_file.write(
        run_file.Run(aws_endpoint_url=endpoint, region=REGION, account_id=ACCOUNT_ID, control_url="", speed=1), file
    )
    told = CliRunner().invoke(main, ["iam", "--role", scene.role_name, "--file", str(file)])
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert lines[:2] == [scene.role, "  granted, not used: sqs:SendMessage on * (all[0])"]
    assert '-"sqs:SendMessage"' in [line.replace(" ", "") for line in lines]


def test_roles_can_be_watched_only_or_not_at_all(scene: Scene) -> None:
    """In audit mode what would be refused is done and recorded; off, it is done."""
    mode = f"{scene.emulator.endpoint_url}/_emulator/iam/mode"
    calls = f"{scene.emulator.endpoint_url}/_emulator/iam/calls"

    def recorded() -> list[tuple[str, bool]]:
        rows = http_client.get(calls).json()["calls"]
        return [(it["action"], it["allowed"]) for it in rows if it["role"] == scene.role]

    try:
        assert http_client.post(mode, json={"mode": "off"}).json() == {"mode": "off"}
        client(scene, "sqs").list_queues()
        assert recorded() == []
        http_client.post(mode, json={"mode": "audit"})
        client(scene, "sqs").list_queues()
        assert recorded() == [("sqs:ListQueues", False)]
        assert http_client.post(mode, json={"mode": "loud"}).status_code == 400
    finally:
        http_client.post(mode, json={"mode": "enforce"})
    with pytest.raises(ClientError, match="AccessDenied"):
        client(scene, "sqs").list_queues()
