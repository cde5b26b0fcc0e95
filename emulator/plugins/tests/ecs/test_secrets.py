"""What the secrets of a container definition name."""

import json

import pytest
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.secrets import SecretReference, parse, value_of

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:login-AbCdEf"


@pytest.mark.parametrize(
    ("value_from", "expected"),
    [
        (ARN, SecretReference("asm", ARN, "us-east-1")),
        (f"{ARN}:api_key::", SecretReference("asm", ARN, "us-east-1", "api_key")),
        (f"{ARN}:key:AWSPREVIOUS:v1", SecretReference("asm", ARN, "us-east-1", "key", "AWSPREVIOUS", "v1")),
        (f"{ARN}::AWSPREVIOUS:", SecretReference("asm", ARN, "us-east-1", "", "AWSPREVIOUS")),
        ("arn:aws:ssm:eu-west-1:1:parameter/site/key", SecretReference("ssm", "/site/key", "eu-west-1")),
        ("arn:aws:ssm:eu-west-1:1:parameter/key", SecretReference("ssm", "key", "eu-west-1")),
        ("/site/key", SecretReference("ssm", "/site/key")),
        ("key", SecretReference("ssm", "key")),
    ],
)
def test_value_from_names_a_secret_or_a_parameter(value_from, expected):
    """In every form that ECS takes."""
    assert parse(value_from) == expected


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [("", "plain", "plain"), ("k", json.dumps({"k": "v"}), "v"), ("k", json.dumps({"k": 5}), "5")],
)
def test_a_json_key_picks_one_value(key, text, expected):
    """Without a key it is the whole text."""
    assert value_of(SecretReference("asm", ARN, key=key), text) == expected


@pytest.mark.parametrize("text", [json.dumps({"other": "hush"}), "hush", json.dumps(["hush"])])
def test_a_missing_key_fails_without_telling_the_secret(text):
    """The reason names the key, never a value."""
    with pytest.raises(StartFailure) as failure:
        value_of(SecretReference("asm", ARN, key="k"), text)

    assert str(failure.value).startswith("ResourceInitializationError: unable to pull secrets")
    assert "hush" not in str(failure.value)
