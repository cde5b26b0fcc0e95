"""Rotates secrets through their functions, as Secrets Manager does: four steps, in the background."""

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from localstack.aws.connect import connect_to
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    SecretNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends

from localprocs.secrets.schedule import DAY, UnknownSchedule, period_seconds

LOG = logging.getLogger(__name__)

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
RETRY_SECONDS = 3600
"""After a rotation that failed; AWS tries again too, and does not say when. No schedule is shorter."""

_under_way: set[str] = set()
_lock = threading.Lock()


def rotate_secret(
    backend: SecretsManagerBackend,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: Mapping[str, Any] | None = None,
    rotate_immediately: bool = True,  # noqa: FBT002 - moto's signature
) -> str:
    """Take the place of moto's operation: note the schedule, and begin to rotate if that is asked."""
    if secret_id not in backend.secrets:
        raise SecretNotFoundException
    secret = backend.secrets[secret_id]
    if secret.is_deleted():
        message = "You tried to perform the operation on a secret that's currently marked deleted."
        raise InvalidRequestException(message)
    function = rotation_lambda_arn or secret.rotation_lambda_arn
    if not function:
        raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    _require_function(backend, function)
    secret.rotation_lambda_arn = function
    secret.rotation_requested = secret.rotation_enabled = True
    if rotation_rules:
        try:
            secret.rotation_period_seconds = period_seconds(rotation_rules)
        except UnknownSchedule as error:
            raise InvalidParameterException(str(error)) from None
        secret.auto_rotate_after_days = secret.rotation_period_seconds // DAY
    _schedule(secret)
    if not rotate_immediately:
        return secret.to_short_dict()
    version = begin(backend, secret, client_request_token)
    return secret.to_short_dict(version_id=version)


def begin(backend: SecretsManagerBackend, secret: FakeSecret, token: str | None = None) -> str:
    """Make the pending version, or take the one that an attempt before left, and carry the steps out beside."""
    pending = _pending_version(secret)
    version = pending or backend._from_client_request_token(token)  # noqa: SLF001 - it validates the token
    if not pending:
        secret.versions[version] = {
            "createdate": int(time.time()),
            "version_id": version,
            "version_stages": ["AWSPENDING"],
        }
    with _lock:
        if secret.arn in _under_way:
            raise InvalidRequestException("Previous rotation request is still in progress.")
        _under_way.add(secret.arn)
    _schedule(secret)
    arguments = (backend.region_name, backend.account_id, secret, version)
    threading.Thread(target=_carry_out, args=arguments, name="secret-rotation", daemon=True).start()
    return version


class Rotations:
    """Looks for secrets when one is due."""

    def start(self) -> None:
        """Look from now on, until the emulator ends."""
        threading.Thread(target=self._look_forever, name="secret-rotations", daemon=True).start()

    def _look_forever(self) -> None:
        while True:
            time.sleep(seconds_to_next(time.time()))
            try:
                rotate_due(time.time())
            except Exception:
                LOG.exception("a secret that is due could not be rotated")


def rotate_due(now: float) -> list[str]:
    """Begin to rotate what is due, and return the names."""
    due = [(backend, secret) for backend, secret in _secrets() if is_due(secret, now)]
    for backend, secret in due:
        begin(backend, secret)
    return [secret.name for _, secret in due]


def seconds_to_next(now: float) -> float:
    """Return the time until one is due; at most that of a retry, since what is scheduled meanwhile is not due before."""
    moments = (secret.next_rotation_date for _, secret in _secrets() if _is_scheduled(secret))
    return max(1.0, min([now + RETRY_SECONDS, *moments]) - now)


def is_due(secret: FakeSecret, now: float) -> bool:
    """Whether the time of its next rotation has come, and it is not being rotated."""
    return _is_scheduled(secret) and bool(secret.next_rotation_date <= now)


def _is_scheduled(secret: FakeSecret) -> bool:
    return bool(
        secret.rotation_enabled
        and not secret.is_deleted()
        and secret.next_rotation_date
        and secret.arn not in _under_way
    )


def _secrets() -> Iterator[tuple[SecretsManagerBackend, FakeSecret]]:
    for regions in list(secretsmanager_backends.values()):
        for backend in list(regions.values()):
            for secret in set(backend.secrets.values()):
                yield backend, secret


def _carry_out(region: str, account: str, secret: FakeSecret, version: str) -> None:
    functions = connect_to(aws_access_key_id=account, region_name=region).lambda_
    try:
        for step in STEPS:
            _carry_out_step(functions, secret, version, step)
    except Exception as error:  # noqa: BLE001 - whatever failed, the secret is tried again later
        LOG.warning("rotation of %s stopped: %s", secret.name, error)
        secret.next_rotation_date = int(time.time()) + RETRY_SECONDS
    else:
        secret.last_rotation_date = int(time.time())
    finally:
        with _lock:
            _under_way.discard(secret.arn)


def _carry_out_step(functions: Any, secret: FakeSecret, version: str, step: str) -> None:
    event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": version}
    answer = functions.invoke(FunctionName=secret.rotation_lambda_arn, Payload=json.dumps(event))
    if answer.get("FunctionError"):
        # The function's own log says why; its error may quote the secret.
        raise RuntimeError(f"{step} failed")


def _schedule(secret: FakeSecret) -> None:
    if period := getattr(secret, "rotation_period_seconds", None):
        secret.next_rotation_date = int(time.time()) + period


def _pending_version(secret: FakeSecret) -> str | None:
    return next(
        (
            name
            for name, version in secret.versions.items()
            if "AWSPENDING" in version["version_stages"] and "AWSCURRENT" not in version["version_stages"]
        ),
        None,
    )


def _require_function(backend: SecretsManagerBackend, function: str) -> None:
    functions = connect_to(aws_access_key_id=backend.account_id, region_name=backend.region_name).lambda_
    try:
        functions.get_function(FunctionName=function)
    except Exception:  # noqa: BLE001 - AWS says no more than this
        text = (
            "Secrets Manager cannot invoke the specified Lambda function. "
            "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."
        )
        raise SecretsManagerClientError("AccessDeniedException", text) from None
