"""The AWS/Lambda metrics of a function, as AWS publishes them: each invocation counts its errors and throttles, also none."""

from datetime import UTC, datetime

from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion


def invoked(function: FunctionVersion, *, duration_ms: float, is_error: bool, concurrent: int) -> None:
    """Publish what an invocation came to."""
    values = [
        ("Invocations", 1, "Count"),
        ("Errors", int(is_error), "Count"),
        ("Throttles", 0, "Count"),
        ("Duration", duration_ms, "Milliseconds"),
        ("ConcurrentExecutions", concurrent, "Count"),
    ]
    _publish(function, values)


def throttled(function: FunctionVersion) -> None:
    """Publish an invocation that was refused."""
    _publish(function, [("Throttles", 1, "Count")])


def _publish(function: FunctionVersion, values: list[tuple[str, float, str]]) -> None:
    now = datetime.now(UTC)
    dimensions = [{"Name": "FunctionName", "Value": function.id.function_name}]
    data = [
        {"MetricName": name, "Value": value, "Unit": unit, "Timestamp": now, "Dimensions": each}
        for name, value, unit in values
        for each in (dimensions, [*dimensions, {"Name": "Resource", "Value": function.id.function_name}])
    ]
    client = connect_to(aws_access_key_id=function.id.account, region_name=function.id.region).cloudwatch
    client.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
