"""What accounts with a limit each cost a month, as they grow: the table of docs/scaling.md."""

from collections.abc import Callable, Mapping, Sequence

from infra_cdk.cost import bill, prices
from infra_cdk.cost.prices import HOURS_A_MONTH
from infra_cdk.growth import INVOCATION_SECONDS, INVOCATIONS_A_JOB, growth

ACCOUNTS = (100, 1_000, 10_000)
SPOT_SHARE = 0.8
STANDING = frozenset(
    {
        "NAT gateway",
        "Interface endpoints",
        "CloudWatch: Container Insights",
        "CloudWatch: dashboard",
        "CloudWatch: alarms",
        "KMS",
        "ECR",
        "Secrets Manager",
    }
)
"""What costs the same whatever is done; metrics stand by the hour too, without creator_id."""


def table(accounts: Sequence[int] = ACCOUNTS) -> str:
    """Return it as Markdown, largest items first."""
    jobs = [it * bill.JOBS for it in accounts]
    rows = {name: [month(it) for it in accounts] for name, month in _items().items()}
    total = [sum(costs) for costs in zip(*rows.values(), strict=True)]
    lines = [
        f"| | {' | '.join(f'{it:,}' for it in accounts)} |",
        f"| --- |{' ---: |' * len(accounts)}",
        f"| jobs | {' | '.join(f'{it / 1e6:,.1f} M' for it in jobs)} |",
        *(_row(name, costs) for name, costs in sorted(rows.items(), key=lambda it: -it[1][-1])),
        f"| **all** | {' | '.join(f'**{it:,.0f}**' for it in total)} |",
        f"| a thousand jobs | {' | '.join(f'{cost / each * 1000:.3f}' for cost, each in zip(total, jobs, strict=True))} |",
    ]
    return "\n".join(lines) + "\n"


def _items() -> Mapping[str, Callable[[int], float]]:
    own = bill.OWN_LIMITS
    written, read = own.written + bill.SCRAPER.written, own.read + bill.SCRAPER.read
    return {
        f"NAT gateway, {bill.MEBIBYTES_A_JOB:g} MiB a job": lambda it: bill.traffic_month(it * bill.JOBS),
        f"DynamoDB, {written} units written and {read} read a job": lambda it: bill.tables_month(it * bill.JOBS, own),
        "S3, a result a job, kept 90 days": lambda it: bill.results_month(it * bill.JOBS),
        "Fargate, four in five Spot": _tasks,
        f"CloudWatch logs, {bill.LOG_KIBIBYTES_A_JOB} KiB a job": lambda it: bill.logs_month(it * bill.JOBS),
        "SQS, both queues": lambda it: bill.ingress_month(it * bill.JOBS) + bill.workflows_month(it * bill.JOBS),
        "Lambda, batches of ten": _limiter,
        "PutMetricData, one a batch, two a minute of a task": _metric_calls,
        "the rest, which stands by the hour": lambda _: _standing(),
    }


def _limiter(accounts: int) -> float:
    """Return what the function costs; its batches are full where this many accounts send."""
    seconds = INVOCATION_SECONDS * bill.LIMITER_GB * prices.LAMBDA_ARM_GB_SECOND
    return _invocations(accounts) * (prices.LAMBDA_MILLION_REQUESTS / 1e6 + seconds)


def _metric_calls(accounts: int) -> float:
    calls = _invocations(accounts) + 2 * 60 * HOURS_A_MONTH * _task_count(accounts)
    return calls / 1000 * prices.PUT_METRIC_DATA_THOUSAND


def _invocations(accounts: int) -> float:
    return accounts * bill.JOBS * INVOCATIONS_A_JOB


def _standing() -> float:
    return sum(it.month for it in bill.bill() if it.name in STANDING) + bill.without_creators()


def _task_count(accounts: int) -> int:
    return growth("account", accounts, bill.JOBS_A_MINUTE, 60.0).max_tasks


def _tasks(accounts: int) -> float:
    hours = _task_count(accounts) * HOURS_A_MONTH
    return hours * (SPOT_SHARE * prices.task_hour(spot=True) + (1 - SPOT_SHARE) * prices.task_hour())


def _row(name: str, costs: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{it:,.0f}' for it in costs)} |"
