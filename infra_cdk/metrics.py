"""Where each figure comes from: our own metrics and those that AWS publishes, as CloudWatch knows them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from huntaze_scraper import names
from huntaze_scraper.metric_names import NAMESPACE, Metric

MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)


def custom(metric: Metric, statistic: str = "Sum", *, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """Return the roll-up of a metric of ours: published without dimensions."""
    return _metric(NAMESPACE, metric, {}, statistic, period)


def queue(queue_name: str, metric: str, statistic: str = "Maximum") -> cloudwatch.Metric:
    """Return a metric of a queue."""
    return _metric("AWS/SQS", metric, {"QueueName": queue_name}, statistic, MINUTE)


def function(name: str, metric: str, statistic: str = "Sum", *, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """Return a metric of a function."""
    return _metric("AWS/Lambda", metric, {"FunctionName": name}, statistic, period)


def limiter(metric: str, statistic: str = "Sum", *, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """Return a metric of the limiter's function."""
    return function(names.LIMITER_FUNCTION, metric, statistic, period=period)


def service(metric: str, statistic: str = "Average") -> cloudwatch.Metric:
    """Return CPUUtilization or MemoryUtilization of the scraper, per cent."""
    return _metric("AWS/ECS", metric, _service_dimensions(), statistic, MINUTE)


def tasks(metric: str) -> cloudwatch.Metric:
    """Return RunningTaskCount or DesiredTaskCount of the scraper, as Container Insights counts them."""
    return _metric("ECS/ContainerInsights", metric, _service_dimensions(), "Average", MINUTE)


def expression(
    formula: str, label: str, period: Duration = FIVE_MINUTES, **metrics: cloudwatch.IMetric
) -> cloudwatch.MathExpression:
    """Return a figure computed from others, each named in the formula."""
    return cloudwatch.MathExpression(expression=formula, label=label, period=period, using_metrics=metrics)


def _service_dimensions() -> dict[str, str]:
    return {"ClusterName": names.CLUSTER, "ServiceName": names.SERVICE}


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str, period: Duration
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=str(name),
        dimensions_map=dimensions,
        statistic=statistic,
        period=period,
    )
