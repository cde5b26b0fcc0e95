"""The service as LocalStack dispatches to it."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from localprocs.logs import service
from localstack.aws.api.logs import InvalidParameterException
from localstack.aws.forwarder import create_aws_request_context
from localstack.services.logs import provider
from moto.logs import models
from moto.logs.models import LogStream

ACCOUNT, REGION = "000000000000", "us-east-1"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call CloudWatch Logs."""
    monkeypatch.setattr(models, "LogQuery", models.LogQuery)
    monkeypatch.setattr(provider, "get_pattern_matcher", provider.get_pattern_matcher)
    monkeypatch.setattr(LogStream, "put_log_events", LogStream.put_log_events)
    table = service.make().skeleton.dispatch_table

    def ask(operation: str, **request: Any) -> Any:
        context = create_aws_request_context("logs", operation, parameters=request, region=REGION)
        context.request.headers["x-moto-account-id"] = ACCOUNT
        context.account_id, context.region, context.service_request = ACCOUNT, REGION, request
        return table[operation](context, request)

    return ask


def test_a_metric_filter_put_again_is_one_and_groups_tell_how_many_they_have(call: Any) -> None:
    """By its name and its group."""
    for group in ("one", "other"):
        call("CreateLogGroup", logGroupName=group)
    made = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    for group, name in (("one", "a"), ("one", "a"), ("one", "b"), ("other", "a")):
        call("PutMetricFilter", logGroupName=group, filterName=name, filterPattern="x", metricTransformations=[made])
    groups = call("DescribeLogGroups")["logGroups"]
    assert {it["logGroupName"]: it["metricFilterCount"] for it in groups} == {"one": 2, "other": 1}


class Connections:
    """Other services, where a role can be taken on or not, and may do nothing but write."""

    def __init__(self, *, trusting: bool) -> None:
        self.trusting = trusting

    def with_assumed_role(self, **_role: Any) -> Any:
        if not self.trusting:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "AssumeRole")
        return SimpleNamespace()

    def __call__(self, **_keys: Any) -> Any:
        stream = SimpleNamespace(describe_stream=lambda **_: {})
        return SimpleNamespace(kinesis=SimpleNamespace(request_metadata=lambda **_: stream))


@pytest.mark.parametrize("trusting", [True, False])
def test_a_subscriptions_role_must_trust_and_need_only_write(
    call: Any, monkeypatch: pytest.MonkeyPatch, trusting: bool
) -> None:
    """It need not be able to look at the stream; and who cannot take it on is told so, as a fault of the caller's."""
    for module in (service, provider):
        monkeypatch.setattr(module, "connect_to", Connections(trusting=trusting))
    group, role = f"subscribed-{trusting}", "arn:aws:iam::000000000000:role/writes"
    call("CreateLogGroup", logGroupName=group)
    stream = {"destinationArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/lines", "roleArn": role}
    with (
        nullcontext() if trusting else pytest.raises(InvalidParameterException, match="Could not deliver test message")
    ):
        call("PutSubscriptionFilter", logGroupName=group, filterName="all", filterPattern="", **stream)
    kept = call("DescribeSubscriptionFilters", logGroupName=group)["subscriptionFilters"]
    assert [it["roleArn"] for it in kept] == ([role] if trusting else [])
