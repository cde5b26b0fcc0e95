"""What is not emulated is refused by its name."""

from typing import Any

import pytest
from localprocs import not_implemented
from localstack.aws.forwarder import create_aws_request_context
from localstack.aws.handlers.service import ServiceExceptionSerializer
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Skeleton, "on_not_implemented_error", Skeleton.on_not_implemented_error)
    monkeypatch.setattr(
        ServiceExceptionSerializer, "create_exception_response", ServiceExceptionSerializer.create_exception_response
    )
    not_implemented.say_so()


def context(service: str, operation: str) -> Any:
    """Stand for a call."""
    made = create_aws_request_context(service, operation)
    made.request_id = "id"
    return made


def refuse(_context: Any, _request: Any) -> Any:
    """Answer as a provider does that knows the operation's name alone."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("handlers", "operation"),
    [({}, "DescribeDestinations"), ({"DescribeDestinations": refuse}, "DescribeDestinations")],
)
def test_an_operation_without_an_answer_is_named(handlers: Any, operation: str) -> None:
    """Whether nobody has heard of it, or its provider has nothing to say."""
    answer = Skeleton(load_service("logs"), handlers).invoke(context("logs", operation))
    assert answer.status_code == 501
    assert "NotImplemented" in answer.get_data(as_text=True)
    assert "logs.DescribeDestinations is not emulated: see docs" in answer.get_data(as_text=True)


@pytest.mark.parametrize("said", [(), ("only in part",)])
def test_a_service_that_does_not_exist_is_named(said: tuple[str, ...]) -> None:
    """As it is asked for, with what is known of why."""
    answer = ServiceExceptionSerializer().create_exception_response(
        NotImplementedError(*said), context("fis", "ListActions")
    )
    text = answer.get_data(as_text=True)
    assert "NotImplemented" in text
    assert "InternalFailure" not in text
    assert ("fis.ListActions is not emulated (only in part)" if said else "fis.ListActions is not emulated:") in text


def test_other_faults_stay_what_they_are() -> None:
    """A bug is no lack."""
    fault = RuntimeError("bug")
    answer = ServiceExceptionSerializer().create_exception_response(fault, context("logs", "DescribeDestinations"))
    assert "InternalError" in answer.get_data(as_text=True)
