"""Requests are as large as AWS lets them be, and no larger."""

from typing import Any

import pytest
from localprocs.payload_limits import refusal


@pytest.mark.parametrize(
    ("service", "operation", "request_", "size", "code"),
    [
        ("lambda", "Invoke", {}, 6_291_456, None),
        ("lambda", "Invoke", {}, 6_291_457, "RequestTooLargeException"),
        ("lambda", "Invoke", {"InvocationType": "Event"}, 1_048_576, None),
        ("lambda", "Invoke", {"InvocationType": "Event"}, 1_048_577, "RequestTooLargeException"),
        ("secretsmanager", "PutSecretValue", {"SecretString": "x" * 65_536}, 0, None),
        ("secretsmanager", "PutSecretValue", {"SecretString": "é" * 32_769}, 0, "ValidationException"),
        ("secretsmanager", "CreateSecret", {"SecretBinary": b"x" * 65_537}, 0, "ValidationException"),
        ("ssm", "PutParameter", {"Value": "x" * 4096}, 0, None),
        ("ssm", "PutParameter", {"Value": "x" * 4097}, 0, "ValidationException"),
        ("ssm", "PutParameter", {"Value": "x" * 8192, "Tier": "Advanced"}, 0, None),
        ("ssm", "PutParameter", {"Value": "x" * 8193, "Tier": "Advanced"}, 0, "ValidationException"),
        ("sns", "PublishBatch", {"PublishBatchRequestEntries": [{"Message": "x" * 131_072}] * 2}, 0, None),
        (
            "sns",
            "PublishBatch",
            {"PublishBatchRequestEntries": [{"Message": "x" * 131_073}] * 2},
            0,
            "BatchRequestTooLong",
        ),
        ("stepfunctions", "StartExecution", {"input": "x" * 262_145}, 0, "ValidationException"),
        ("sqs", "SendMessage", {"MessageBody": "x" * 10_000_000}, 10_000_000, None),
    ],
)
def test_a_request_is_refused_where_aws_refuses_it(
    service: str, operation: str, request_: dict[str, Any], size: int, code: str | None
) -> None:
    """To the byte; what LocalStack limits itself is left to it."""
    found = refusal(service, operation, request_, size)
    assert (found.code if found else None) == code
