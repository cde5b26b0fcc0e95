"""The limiter's function and what feeds it."""

import pytest

from huntaze_scraper.settings import RateLimiterSettings
from tests.unit.infra.template import Assembly, text


def test_the_function_runs_our_handler_on_python_313(assembly: Assembly) -> None:
    """The plan's name; ARM64, which is cheaper, for the zip is pure Python."""
    function = assembly["RateLimiter"].only("AWS::Lambda::Function")
    assert function["FunctionName"] == "huntaze-rate-limiter"
    assert function["Handler"] == "huntaze_scraper.rate_limiter.handler.handler"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]


def test_the_function_gets_exactly_its_settings(assembly: Assembly) -> None:
    """What the infrastructure writes, the process reads: by one class."""
    variables = assembly["RateLimiter"].only("AWS::Lambda::Function")["Environment"]["Variables"]
    settings = RateLimiterSettings.from_env({name: text(value) for name, value in variables.items()})
    assert set(variables) == set(settings.to_env())
    assert (settings.rate_limit_capacity, settings.rate_limit_window_seconds) == (10, 60.0)
    assert {"IngressDlq", "WorkflowsDlq", "Ingress", "Workflows"} >= {
        name for name in ("IngressDlq", "Workflows", "Ingress") if any(name in text(it) for it in variables.values())
    }


@pytest.mark.requirement("2.5")
def test_each_message_of_a_batch_is_answered_for_by_itself(assembly: Assembly) -> None:
    """Partial batch responses, batches of 10, two invocations at once at most."""
    mapping = assembly["RateLimiter"].only("AWS::Lambda::EventSourceMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 10
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_the_functions_log_is_kept_a_month(assembly: Assembly) -> None:
    """A log group of ours, not one that the first line makes and nobody empties."""
    group = assembly["RateLimiter"].only("AWS::Logs::LogGroup")
    assert group["LogGroupName"] == "/aws/lambda/huntaze-rate-limiter"
    assert group["RetentionInDays"] == 30


@pytest.mark.requirement("9.2")
def test_the_line_is_a_table_of_its_own_in_the_order_of_its_sort_key(assembly: Assembly) -> None:
    """Kept, encrypted and expiring as the state table is."""
    line = assembly["RateLimiter"].only("AWS::DynamoDB::Table")
    state = assembly["Queues"].only("AWS::DynamoDB::Table")

    assert [(it["AttributeName"], it["KeyType"]) for it in line["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    same = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification", "BillingMode", "DeletionProtectionEnabled")
    assert {name: line[name] for name in same} == {name: state[name] for name in same}
    assert line["SSESpecification"]["SSEType"] == "KMS"
