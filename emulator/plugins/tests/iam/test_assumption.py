"""Who asks for a role that does not exist is refused as on AWS."""

from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.iam.assumption import refuse_missing_role
from localstack.aws.api import CommonServiceException


def assume(**request: str) -> None:
    """Ask for a role as a client does."""
    operation = SimpleNamespace(name="AssumeRole")
    context: Any = SimpleNamespace(
        operation=operation, is_internal_call=False, account_id="000000000000", service_request=request
    )
    refuse_missing_role(None, context, None)


def test_a_missing_role_is_refused() -> None:
    """LocalStack alone would hand out a session of it."""
    with pytest.raises(CommonServiceException, match="is not authorized to perform: sts:AssumeRole") as refused:
        assume(RoleArn="arn:aws:iam::000000000000:role/nobody", RoleSessionName="mine")
    assert refused.value.code == "AccessDenied"


@pytest.mark.parametrize(
    "arn", ["no-arn", "arn::iam:::role/nobody", "arn:aws::::role/nobody", "arn:aws:::role/nobody", "arn:aws:iam::1:"]
)
def test_a_malformed_arn_is_the_services_to_refuse(arn: str) -> None:
    """AWS answers ValidationError before it asks whether the role is there."""
    assume(RoleArn=arn, RoleSessionName="mine")


def test_a_malformed_name_of_a_session_is_the_services_to_refuse() -> None:
    """As a malformed ARN is."""
    assume(RoleArn="arn:aws:iam::000000000000:role/nobody", RoleSessionName="mine:yours")
