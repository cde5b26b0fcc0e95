"""Sessions of roles end, and each service says so in its own way."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.iam import account, guard
from localprocs.iam.policy import Principal
from localstack.aws.api import CommonServiceException


def call(service: str, *, internal: bool = False) -> Any:
    """Stand for a call to a service."""
    return SimpleNamespace(
        service=SimpleNamespace(service_name=service),
        operation=SimpleNamespace(name="ListThings"),
        protocol="json" if service in ("dynamodb", "sqs") else "query",
        request=SimpleNamespace(headers={}, args={}),
        internal_request_params=None,
        service_request={},
        is_internal_call=internal,
        account_id="000000000000",
        region="us-east-1",
    )


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A guard whose caller's session ends at ``guarded.end``."""
    made: Any = guard.Guard({})
    made.end = time.time()
    monkeypatch.setattr(account, "principal_of", lambda *_: Principal("arn:aws:iam::0:role/r", "session", made.end))
    return made


@pytest.mark.parametrize(
    ("service", "code"),
    [("dynamodb", "ExpiredTokenException"), ("sqs", "ExpiredToken"), ("s3", "ExpiredToken"), ("sts", "ExpiredToken")],
)
def test_a_session_that_is_over_is_refused(guarded: Any, service: str, code: str) -> None:
    """Before any policy is looked at."""
    with pytest.raises(CommonServiceException) as refused:
        guarded(None, call(service), None)
    assert refused.value.code == code
    assert guarded.record.rows() == []


def test_a_session_is_good_to_its_last_second(guarded: Any) -> None:
    """It is refused for want of a policy, and not for its age."""
    guarded.end = time.time() + 3600
    with pytest.raises(CommonServiceException, match="not authorized"):
        guarded(None, call("dynamodb"), None)


def test_what_services_of_aws_do_for_a_role_goes_on(guarded: Any) -> None:
    """They renew their sessions; the emulator's hold one for good."""
    with pytest.raises(CommonServiceException, match="not authorized"):
        guarded(None, call("dynamodb", internal=True), None)
