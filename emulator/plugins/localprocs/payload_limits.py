"""How large a request may be, where LocalStack and moto take more than AWS does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack.runtime import hooks

INVOCATION_BYTES = {"RequestResponse": 6_291_456, "Event": 1_048_576}
SECRET_BYTES = 65_536
PARAMETER_LETTERS = {"Standard": 4096, "Advanced": 8192}
BATCH_BYTES = 262_144
INPUT_LETTERS = 262_144


@dataclass(frozen=True)
class Refusal:
    """AWS's answer to a request that is too large."""

    code: str
    message: str
    status: int = 400


def refusal(service: str, operation: str, request: Mapping[str, Any], body_bytes: int = 0) -> Refusal | None:
    """Return AWS's answer where a request is too large; ``body_bytes`` is the length of the whole body."""
    match service, operation:
        case "lambda", "Invoke":
            return _invocation(request.get("InvocationType") or "RequestResponse", body_bytes)
        case "secretsmanager", "CreateSecret" | "PutSecretValue" | "UpdateSecret":
            return _secret(request)
        case "ssm", "PutParameter":
            return _parameter(request)
        case "sns", "PublishBatch":
            return _batch(request)
        case "stepfunctions", "StartExecution" | "StartSyncExecution":
            return _longer("input", request.get("input") or "", INPUT_LETTERS)
    return None


def _invocation(kind: str, size: int) -> Refusal | None:
    limit = INVOCATION_BYTES.get(kind)
    if limit is None or size <= limit:
        return None
    text = f"{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
    return Refusal("RequestTooLargeException", text, 413)


def _secret(request: Mapping[str, Any]) -> Refusal | None:
    for name in ("SecretString", "SecretBinary"):
        value = request.get(name) or ""
        if len(value.encode() if isinstance(value, str) else value) > SECRET_BYTES:
            return _longer(name[0].lower() + name[1:], "x" * (SECRET_BYTES + 1), SECRET_BYTES)
    return None


def _parameter(request: Mapping[str, Any]) -> Refusal | None:
    tier = request.get("Tier") or "Standard"
    limit = PARAMETER_LETTERS["Standard" if tier == "Standard" else "Advanced"]
    if len(request.get("Value") or "") <= limit:
        return None
    text = f"{tier} tier parameters support a maximum parameter value of {limit} characters."
    return Refusal("ValidationException", text)


def _batch(request: Mapping[str, Any]) -> Refusal | None:
    size = sum(len(entry.get("Message", "").encode()) for entry in request.get("PublishBatchRequestEntries", []))
    if size <= BATCH_BYTES:
        return None
    return Refusal("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")


def _longer(name: str, value: str, limit: int) -> Refusal | None:
    if len(value) <= limit:
        return None
    constraint = f"Member must have length less than or equal to {limit}"
    text = f"1 validation error detected: Value at '{name}' failed to satisfy constraint: {constraint}"
    return Refusal("ValidationException", text)


def refuse_what_is_too_large(_chain: Any, context: Any, _response: Any) -> None:
    """Answer as AWS does.

    Raises:
        CommonServiceException: the request is too large.
    """
    if not context.service or not context.operation:
        return
    size = context.request.content_length or 0
    found = refusal(context.service.service_name, context.operation.name, context.service_request or {}, size)
    if found:
        from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - few requests are

        raise CommonServiceException(found.code, found.message, status_code=found.status, sender_fault=True)


@hooks.on_infra_start()
def limit_payloads() -> None:
    """Look at each request from now on."""
    from localstack.aws.handlers import serve_custom_service_request_handlers  # noqa: PLC0415 - the start needs none

    serve_custom_service_request_handlers.append(refuse_what_is_too_large)
