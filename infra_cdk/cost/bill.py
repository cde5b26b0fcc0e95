"""The monthly bill at the plan's volume, item by item, from the table of prices.

python -m infra_cdk.cost > docs/cost.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra_cdk.cost import prices
from infra_cdk.cost.prices import HOURS_A_MONTH
from infra_cdk.custom_metrics import count

JOBS_A_MINUTE: Final = 10
JOBS: Final = JOBS_A_MINUTE * 60 * HOURS_A_MONTH
"""A month at the full rate that the site allows, day and night: the most that this pipeline can be asked for."""
CREATORS: Final = 100
MEBIBYTES_A_JOB: Final = 1.0
"""What a page brings through the NAT gateway, its scripts cached by the browser."""
RESULT_KIBIBYTES: Final = 20
LOG_KIBIBYTES_A_JOB: Final = 12
"""As CloudWatch counts: a message that goes through asks the site four times, and each answer is a line."""
LIMITER_GB: Final = 0.25
ALARM_METRICS: Final = 27
"""Metrics that the alarms watch, and the two of target tracking."""
INSIGHTS_METRICS: Final = 30
"""What Container Insights publishes for one cluster with one service, about."""
INTERFACE_ENDPOINTS: Final = 6
MIB_A_GB: Final = 1024


@dataclass(frozen=True)
class Units:
    """DynamoDB's units that a job takes."""

    written: int
    read: int


SHARED_LIMIT: Final = Units(20, 9)
"""The limiter's, where all share one limit: by transactions, those that come too late included (tests count them)."""
OWN_LIMITS: Final = Units(13, 7)
"""The same, where each account has a limit of its own."""
SCRAPER: Final = Units(10, 1)
"""Turns 4 and ledger 6, each an item of less than 1 KiB."""


@dataclass(frozen=True)
class Item:
    """A line of the bill."""

    name: str
    how: str
    month: float


@dataclass(frozen=True)
class Saving:
    """What a choice saves, or costs where it is negative."""

    choice: str
    instead: str
    month: float


def bill() -> list[Item]:
    """Return the items, largest kinds first."""
    return [*_running(), *_network(), *_messages(), *_storage(), *_observability()]


def savings() -> list[Saving]:
    """Return what the choices save a month."""
    x86 = prices.FARGATE_X86_VCPU_HOUR + 2 * prices.FARGATE_X86_GB_HOUR
    spot = (prices.task_hour() - prices.task_hour(spot=True)) * HOURS_A_MONTH
    endpoint = prices.INTERFACE_ENDPOINT_HOUR * HOURS_A_MONTH
    nat = (prices.NAT_GATEWAY_HOUR + prices.PUBLIC_IPV4_HOUR) * HOURS_A_MONTH
    metrics = prices.custom_metrics_month
    per_creator = metrics(count(CREATORS, by_creator=True, everything_happens=False)) - without_creators()
    return [
        Saving("ARM64 tasks", "x86-64 tasks", (x86 - prices.task_hour()) * HOURS_A_MONTH),
        Saving("Spot for four in five of the further tasks", "On-Demand, each such task kept a month", spot),
        Saving("one NAT gateway", "one a zone", nat),
        Saving("interface endpoints in one zone", "in both", INTERFACE_ENDPOINTS * endpoint),
        Saving("gateway endpoints for S3 and DynamoDB", "interface endpoints in one zone", 2 * endpoint),
        Saving("interface endpoints at all", "the NAT gateway for everything", -INTERFACE_ENDPOINTS * endpoint),
        Saving(f"metrics_by_creator=false ({CREATORS} creators)", "true, the plan's", per_creator),
        Saving("results kept 90 days", "kept for ever, after a year", _results_gb(365) * _S3 - _results_gb(90) * _S3),
    ]


_S3 = prices.S3_GB_MONTH


def _running() -> Iterator[Item]:
    yield Item("Fargate: the base task", "1 On-Demand task, 1 vCPU, 2 GB, ARM64", prices.task_hour() * HOURS_A_MONTH)
    yield Item(
        "Fargate: scaled out",
        "3 more tasks a tenth of the time, four in five Spot",
        3 * HOURS_A_MONTH / 10 * (0.8 * prices.task_hour(spot=True) + 0.2 * prices.task_hour()),
    )
    yield Item("Lambda: limiter", "1.5 invocations a job of 100 ms at 256 MB", limiter_month(JOBS))


def _network() -> Iterator[Item]:
    gigabytes = JOBS * MEBIBYTES_A_JOB / MIB_A_GB
    yield Item(
        "NAT gateway", "one, with its address", (prices.NAT_GATEWAY_HOUR + prices.PUBLIC_IPV4_HOUR) * HOURS_A_MONTH
    )
    yield Item("NAT gateway: traffic", f"{MEBIBYTES_A_JOB:g} MiB a job, {gigabytes:.0f} GB", traffic_month(JOBS))
    yield Item(
        "Interface endpoints",
        f"{INTERFACE_ENDPOINTS} in one zone, 10 GB through them",
        INTERFACE_ENDPOINTS * prices.INTERFACE_ENDPOINT_HOUR * HOURS_A_MONTH + 10 * prices.INTERFACE_ENDPOINT_GB,
    )


def _messages() -> Iterator[Item]:
    yield Item(
        "SQS: ingress", "a job: 1 sent, at most 2 received, the rest in batches; idle polls", ingress_month(JOBS)
    )
    yield Item("SQS: workflows", "a job: sent, received, kept invisible, deleted; idle polls", workflows_month(JOBS))
    yield Item(
        "DynamoDB",
        f"a job: {SHARED_LIMIT.written} units written and {SHARED_LIMIT.read} read by the limiter, "
        f"{SCRAPER.written} and {SCRAPER.read} by the scraper (turns, ledger)",
        tables_month(JOBS, SHARED_LIMIT),
    )


def _results_gb(days: float, jobs: float = JOBS) -> float:
    return jobs / 30.4 * days * RESULT_KIBIBYTES / 1024 / MIB_A_GB


def _storage() -> Iterator[Item]:
    yield Item(
        "S3: results",
        f"one object a job of {RESULT_KIBIBYTES} KiB, kept 90 days",
        results_month(JOBS),
    )
    yield Item("ECR", "3 images of 0.7 GB", 3 * 0.7 * prices.ECR_GB_MONTH)
    yield Item("KMS", "1 key, 100,000 requests", prices.KMS_KEY_MONTH + 0.1 * prices.KMS_MILLION_REQUESTS)
    yield Item("Secrets Manager", "the default secret; each creator's own is as much again", prices.SECRET_MONTH)


def _observability() -> Iterator[Item]:
    ours = count(CREATORS, by_creator=True, everything_happens=False)
    yield Item(
        "CloudWatch: our metrics",
        f"{ours:,} for {CREATORS} creators with jobs of every action in every hour (see below)",
        prices.custom_metrics_month(ours),
    )
    yield Item(
        "CloudWatch: Container Insights",
        f"about {INSIGHTS_METRICS} metrics, billed as custom ones",
        prices.custom_metrics_month(INSIGHTS_METRICS),
    )
    yield Item(
        "CloudWatch: PutMetricData",
        "one a batch of the limiter, two a minute of a task",
        (1.5 * JOBS + 2 * 60 * HOURS_A_MONTH) / 1000 * prices.PUT_METRIC_DATA_THOUSAND,
    )
    yield Item("CloudWatch: alarms", f"{ALARM_METRICS} metrics watched", ALARM_METRICS * prices.ALARM_METRIC_MONTH)
    yield Item("CloudWatch: dashboard", "1", prices.DASHBOARD_MONTH)
    yield Item(
        "CloudWatch: logs",
        f"{LOG_KIBIBYTES_A_JOB} KiB a job and flow logs, {_logs_gb(JOBS):.1f} GB, kept a month",
        logs_month(JOBS),
    )


def limiter_month(jobs: float) -> float:
    """Return what the function costs for so many jobs."""
    invocations = 1.5 * jobs
    return (
        invocations / 1e6 * prices.LAMBDA_MILLION_REQUESTS
        + invocations * 0.1 * LIMITER_GB * prices.LAMBDA_ARM_GB_SECOND
    )


def ingress_month(jobs: float) -> float:
    """Return what the ingress queue costs, empty polls included."""
    idle_polls = 2 * 3 * 60 * HOURS_A_MONTH
    return (jobs * (1 + 2 + 0.2 + 0.2) + idle_polls) / 1e6 * prices.SQS_STANDARD_MILLION


def workflows_month(jobs: float) -> float:
    """Return what the workflows queue costs, empty polls included."""
    return (jobs * (1 + 1 + 1 + 1) + 3 * 60 * HOURS_A_MONTH) / 1e6 * prices.SQS_FIFO_MILLION


def tables_month(jobs: float, limit: Units) -> float:
    """Return what the tables cost where the limiter takes so many units a job."""
    written, read = limit.written + SCRAPER.written, limit.read + SCRAPER.read
    return jobs * (written * prices.DYNAMODB_WRITE_MILLION + read * prices.DYNAMODB_READ_MILLION) / 1e6


def results_month(jobs: float) -> float:
    """Return what the results cost, kept for 90 days."""
    return jobs / 1000 * prices.S3_PUT_THOUSAND + _results_gb(90, jobs) * prices.S3_GB_MONTH


def logs_month(jobs: float) -> float:
    """Return what the logs cost, flow logs included."""
    return _logs_gb(jobs) * (prices.LOGS_INGESTED_GB + prices.LOGS_STORED_GB_MONTH)


def traffic_month(jobs: float) -> float:
    """Return what the pages cost on their way through the NAT gateway."""
    return jobs * MEBIBYTES_A_JOB / MIB_A_GB * prices.NAT_GB


def _logs_gb(jobs: float) -> float:
    return jobs * LOG_KIBIBYTES_A_JOB / 1024 / MIB_A_GB + 1


def page() -> str:
    """Return docs/cost.md."""
    items = sorted(bill(), key=lambda it: -it.month)
    total = sum(it.month for it in items)
    by_creator = next(it.month for it in items if it.name == "CloudWatch: our metrics")
    lines = [
        "# What it costs",
        "",
        (
            "Made by `python -m infra_cdk.cost > docs/cost.md` from `infra_cdk/cost/prices.py`; do not edit. "
            f"US dollars a month in us-east-1, at the prices of {prices.AS_OF} as they were known when the table was "
            "written: check them against AWS's price pages before you rely on them. Free tiers are left out."
        ),
        "",
        "## The bill",
        "",
        (
            f"At the plan's full rate, {JOBS_A_MINUTE} jobs a minute day and night: {JOBS:,} jobs a month, "
            f"for {CREATORS} creators."
        ),
        "",
        "| item | how much | US$ |",
        "| --- | --- | ---: |",
        *(f"| {it.name} | {it.how} | {it.month:,.2f} |" for it in items),
        f"| **all** | {total / JOBS * 1000:.2f} a thousand jobs | **{total:,.2f}** |",
        f"| all with `metrics_by_creator=false` | | **{total - by_creator + without_creators():,.2f}** |",
        "",
        "An idle pipeline costs nearly the same as a busy one: task, NAT gateway, endpoints and key stand by the hour.",
        "",
        "## What each choice saves",
        "",
        "| choice | instead of | saves US$ |",
        "| --- | --- | ---: |",
        *(f"| {it.choice} | {it.instead} | {it.month:,.2f} |" for it in sorted(savings(), key=lambda it: -it.month)),
        "",
        (
            "The interface endpoints save nothing: they keep requests for AWS off the internet (requirement 8.4), and that "
            "is what they cost. One zone of them is enough, for the NAT gateway, without which the site is out of reach, "
            "stands in that zone too."
        ),
        "",
        (
            "Giving each message one slot keeps a burst of N messages at 2 N receives. Asking again every minute "
            "would be about N²/20: for 1,000 messages, 2,000 against 50,000."
        ),
        "",
        "## Custom metrics",
        "",
        (
            "Each distinct set of dimensions is a metric that is billed for the hours in which it is published. The context "
            "key `metrics_by_creator` leaves the dimension creator_id out (`-c metrics_by_creator=false`); alarms and "
            "dashboard use the roll-up and lose nothing."
        ),
        "",
        "| creators | all goes well | US$ | everything happens | US$ | without creator_id | US$ |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_metrics_line(creators) for creators in (1, 100, 1000)),
        "",
        (
            "Counted by the code that publishes them, for creators with jobs of all four actions. *All goes well*: every "
            "job succeeds. *Everything happens*: each action of each creator succeeds, fails and meets 429, 404 and 503 "
            "in every hour, which is the most that can be billed; without creator_id too."
        ),
        "",
        "## Prices",
        "",
        "| price | US$ |",
        "| --- | ---: |",
        *(
            f"| {name.replace('_', ' ').lower()} | {value:.10g} |"
            for name, value in vars(prices).items()
            if _is_price(name)
        ),
    ]
    return "\n".join(lines) + "\n"


def without_creators() -> float:
    """Return what our metrics cost without the dimension creator_id."""
    return prices.custom_metrics_month(count(CREATORS, by_creator=False, everything_happens=False))


def _metrics_line(creators: int) -> str:
    counts = (
        count(creators, by_creator=True, everything_happens=False),
        count(creators, by_creator=True),
        count(creators, by_creator=False),
    )
    cells = (f"{it:,} | {prices.custom_metrics_month(it):,.2f}" for it in counts)
    return f"| {creators:,} | {' | '.join(cells)} |"


def _is_price(name: str) -> bool:
    return name.isupper() and name not in ("HOURS_A_MONTH", "AS_OF", "METRICS_AT_FIRST_PRICE")
