"""Rotations that fail are tried again."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.secrets import rotation

PERIOD_SECONDS = 30 * 24 * 3600


class Functions:
    """Lambda, whose functions fail or do not."""

    def __init__(self, *, fail: bool) -> None:
        self.fail = fail
        self.steps = 0

    def invoke(self, **_call: Any) -> dict[str, Any]:
        self.steps += 1
        return {"FunctionError": "Unhandled"} if self.fail else {}


@pytest.mark.parametrize(("fails", "after_seconds", "steps"), [(True, 3600, 1), (False, PERIOD_SECONDS, 4)])
def test_a_rotation_that_fails_is_tried_again_after_an_hour(
    monkeypatch: pytest.MonkeyPatch, fails: bool, after_seconds: int, steps: int
) -> None:
    """And one that succeeds after its period."""
    functions = Functions(fail=fails)
    monkeypatch.setattr(rotation, "connect_to", lambda **_: SimpleNamespace(lambda_=functions))
    now = time.time()
    secret: Any = SimpleNamespace(
        arn="arn",
        name="secret",
        rotation_enabled=True,
        rotation_lambda_arn="function",
        is_deleted=lambda: False,
        next_rotation_date=now + PERIOD_SECONDS,
    )
    rotation._carry_out("us-east-1", "1", secret, "version")

    assert functions.steps == steps
    assert not rotation.is_due(secret, now + after_seconds - 60)
    assert rotation.is_due(secret, now + after_seconds + 60)
