"""Rotations that fail are tried again."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.secrets import rotation
from moto.secretsmanager.exceptions import SecretsManagerClientError

PERIOD_SECONDS = 30 * 24 * 3600


class Functions:
    """Lambda, whose functions fail or do not."""

    def __init__(self, *, fail: bool) -> None:
        self.fail = fail
        self.steps = 0

    def invoke(self, **_call: Any) -> dict[str, Any]:
        self.steps += 1
        return {"FunctionError": "Unhandled"} if self.fail else {}


class Secret(SimpleNamespace):
    """One that rotates."""

    __hash__ = object.__hash__


def secret_due(at: float) -> Any:
    """Return a secret whose next rotation is then."""
    return Secret(
        arn=f"arn-{at}",
        name="secret",
        rotation_enabled=True,
        rotation_lambda_arn="function",
        is_deleted=lambda: False,
        next_rotation_date=at,
    )


@pytest.mark.parametrize(("fails", "after_seconds", "steps"), [(True, 3600, 1), (False, PERIOD_SECONDS, 4)])
def test_a_rotation_that_fails_is_tried_again_after_an_hour(
    monkeypatch: pytest.MonkeyPatch, fails: bool, after_seconds: int, steps: int
) -> None:
    """And one that succeeds after its period."""
    functions = Functions(fail=fails)
    monkeypatch.setattr(rotation, "connect_to", lambda **_: SimpleNamespace(lambda_=functions))
    now = time.time()
    secret = secret_due(now + PERIOD_SECONDS)
    rotation._carry_out("us-east-1", "1", secret, "version")

    assert functions.steps == steps
    assert not rotation.is_due(secret, now + after_seconds - 60)
    assert rotation.is_due(secret, now + after_seconds + 60)


def test_it_is_looked_when_one_is_due_and_seldom_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its moment to the second; within an hour what may be scheduled meanwhile is not due."""
    now = time.time()
    secrets = {name: secret_due(now + seconds) for name, seconds in (("soon", 90.0), ("later", PERIOD_SECONDS))}
    backend = SimpleNamespace(secrets=secrets)
    monkeypatch.setattr(rotation, "secretsmanager_backends", {"1": {"us-east-1": backend}})

    assert rotation.seconds_to_next(now) == pytest.approx(90, abs=1)
    secrets["soon"].rotation_enabled = False
    assert rotation.seconds_to_next(now) == 3600
    secrets.clear()
    assert rotation.seconds_to_next(now) == 3600


def test_a_function_that_is_not_there_cannot_be_invoked(monkeypatch: pytest.MonkeyPatch) -> None:
    """In AWS's words, which do not tell whether it is there."""

    class Nothing:
        def get_function(self, **_call: Any) -> None:
            raise LookupError

    monkeypatch.setattr(rotation, "connect_to", lambda **_: SimpleNamespace(lambda_=Nothing()))
    backend: Any = SimpleNamespace(account_id="1", region_name="us-east-1")
    with pytest.raises(SecretsManagerClientError, match="cannot invoke the specified Lambda function") as refused:
        rotation._require_function(backend, "nobody")
    assert (refused.value.error_type, refused.value.code) == ("AccessDeniedException", 400)
