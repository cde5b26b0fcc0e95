"""The service as LocalStack dispatches to it."""

from typing import Any

import pytest
from localprocs.logs import service
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
