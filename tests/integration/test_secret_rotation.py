"""Secrets Manager rotates what is due."""

from collections.abc import Iterator

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.lambda_scene import Scene
from tests.patience import until

ROTATE = """
    import boto3, json, uuid
    def handler(event, context):
        secrets = boto3.client("secretsmanager")
        secret, version = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            secrets.put_secret_value(
                SecretId=secret, ClientRequestToken=version, SecretString=uuid.uuid4().hex, VersionStages=["AWSPENDING"]
            )
        if event["Step"] == "finishSecret":
            current = secrets.get_secret_value(SecretId=secret)["VersionId"]
            secrets.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=current
            )
        print(event["Step"])
"""


@pytest.fixture
def scene(emulator: Clients) -> Iterator[Scene]:
    """A role of its own, and what the test makes of it."""
    made = Scene(emulator)
    yield made
    made.clear()


@pytest.mark.requirement("8.5")
def test_a_secret_is_rotated_when_its_days_are_over(scene: Scene, clock: Clock) -> None:
    """Not when it is scheduled without haste, but 90 days later, and again after 90 more."""
    scene.allow(["secretsmanager:*", "logs:*"])
    secrets = scene.emulator.secretsmanager
    name = secrets.create_secret(Name=f"secret-{scene.mark}", SecretString="first")["ARN"]
    function = scene.emulator.lambda_.get_function(FunctionName=scene.function(ROTATE))["Configuration"]["FunctionArn"]
    secrets.rotate_secret(
        SecretId=name,
        RotationLambdaARN=function,
        RotationRules={"AutomaticallyAfterDays": 90},
        RotateImmediately=False,
    )
    values = [secrets.get_secret_value(SecretId=name)["SecretString"]]
    assert values == ["first"]

    for _ in range(2):
        clock.jump(90 * 86_400)
        values.append(
            until(
                lambda: (
                    found if (found := secrets.get_secret_value(SecretId=name)["SecretString"]) not in values else ""
                ),
                what="the rotation",
            )
        )

    assert len(set(values)) == 3
    told = secrets.describe_secret(SecretId=name)
    assert told["RotationEnabled"]
    assert told["RotationRules"]["AutomaticallyAfterDays"] == 90
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
