"""What AWS asks, in US dollars in us-east-1: the one table that the cost page, the dashboard and benchmarks use."""

from typing import Final

HOURS_A_MONTH: Final = 730
AS_OF: Final = "2025-10"
"""The month in which the table was last written down. Check it against AWS's price pages before relying on it."""

FARGATE_ARM_VCPU_HOUR: Final = 0.03238
FARGATE_ARM_GB_HOUR: Final = 0.00356
FARGATE_X86_VCPU_HOUR: Final = 0.04048
FARGATE_X86_GB_HOUR: Final = 0.004445
SPOT_SHARE_OF_PRICE: Final = 0.35
"""Spot's price moves; about a third of On-Demand's was usual."""

NAT_GATEWAY_HOUR: Final = 0.045
NAT_GB: Final = 0.045
INTERFACE_ENDPOINT_HOUR: Final = 0.01
INTERFACE_ENDPOINT_GB: Final = 0.01
PUBLIC_IPV4_HOUR: Final = 0.005

SQS_STANDARD_MILLION: Final = 0.40
SQS_FIFO_MILLION: Final = 0.50
LAMBDA_ARM_GB_SECOND: Final = 0.0000133334
LAMBDA_MILLION_REQUESTS: Final = 0.20
DYNAMODB_WRITE_MILLION: Final = 0.625
DYNAMODB_READ_MILLION: Final = 0.125
KMS_KEY_MONTH: Final = 1.00
KMS_MILLION_REQUESTS: Final = 3.00
SECRET_MONTH: Final = 0.40
S3_GB_MONTH: Final = 0.023
S3_PUT_THOUSAND: Final = 0.005
ECR_GB_MONTH: Final = 0.10

METRIC_MONTH: Final = 0.30
"""A custom metric, up to the first 10,000; Container Insights' metrics are billed as custom ones."""
METRIC_MONTH_NEXT: Final = 0.10
"""A custom metric beyond the first 10,000, up to 250,000."""
METRICS_AT_FIRST_PRICE: Final = 10_000
PUT_METRIC_DATA_THOUSAND: Final = 0.01
ALARM_METRIC_MONTH: Final = 0.10
DASHBOARD_MONTH: Final = 3.00
LOGS_INGESTED_GB: Final = 0.50
LOGS_STORED_GB_MONTH: Final = 0.03


def task_hour(*, spot: bool = False) -> float:
    """Return what one scraper task costs an hour: 1 vCPU, 2 GB, ARM64."""
    on_demand = FARGATE_ARM_VCPU_HOUR + 2 * FARGATE_ARM_GB_HOUR
    return on_demand * SPOT_SHARE_OF_PRICE if spot else on_demand


def custom_metrics_month(count: int) -> float:
    """Return what so many custom metrics cost a month, each published in every hour of it."""
    first = min(count, METRICS_AT_FIRST_PRICE)
    return first * METRIC_MONTH + (count - first) * METRIC_MONTH_NEXT
