"""The dashboard: how the pipeline does, from the first queue to the site, on one page."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from huntaze_scraper import names
from huntaze_scraper.metric_names import Metric
from infra_cdk import metrics
from infra_cdk.cost import prices
from infra_cdk.queues import Queues

HALF, THIRD, WHOLE = 12, 8, 24
DECISIONS = [
    "fields @timestamp, message_id, allowed, retry_after, tokens_remaining",
    "filter ispresent(allowed)",
    "sort @timestamp desc",
    "limit 50",
]
PERFORMANCE = [
    "filter ispresent(duration_ms) and ispresent(status)",
    "stats count(*) as jobs, avg(duration_ms) as average_ms, pct(duration_ms, 95) as p95_ms by action, status",
    "sort jobs desc",
]


class Dashboard(Construct):
    """The CloudWatch dashboard of the plan's name."""

    def __init__(self, scope: Construct, name: str, *, queues: Queues, alarms: list[cloudwatch.Alarm]) -> None:
        """Lay the widgets out, in the order of a message's way."""
        super().__init__(scope, name)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=names.DASHBOARD,
            default_interval=Duration.hours(3),
            widgets=[
                [cloudwatch.AlarmStatusWidget(alarms=alarms, title="Alarms", width=WHOLE, height=4)],
                [_rate_limiter(), _queue_depth(queues), _queue_age(queues)],
                [_limiter_duration(), _limiter_faults(), _success()],
                [_site_errors(), _duration(), _waiting()],
                [_turns(), _turn_waits()],
                [_tasks(), _resources(), _cost()],
                [
                    _insights("Recent rate limit decisions", names.LIMITER_LOGS, DECISIONS),
                    _insights("Scraping performance", names.SCRAPER_LOGS, PERFORMANCE),
                ],
            ],
        )


def _rate_limiter() -> cloudwatch.IWidget:
    return _graph(
        "Rate limiter: allowed and rejected",
        metrics.custom(Metric.RATE_LIMIT_ALLOWED_COUNT, period=metrics.MINUTE),
        metrics.custom(Metric.RATE_LIMIT_REJECTED_COUNT, period=metrics.MINUTE),
    )


def _queue_depth(queues: Queues) -> cloudwatch.IWidget:
    visible = "ApproximateNumberOfMessagesVisible"
    return _graph(
        "Queue depth",
        *(
            metrics.queue(queue.queue_name, visible).with_(label=label)
            for label, queue in (
                ("ingress", queues.ingress),
                ("workflows", queues.workflows),
                ("ingress DLQ", queues.ingress_dlq),
                ("workflows DLQ", queues.workflows_dlq),
            )
        ),
        metrics.queue(queues.ingress.queue_name, "ApproximateNumberOfMessagesNotVisible").with_(
            label="ingress, waiting for their slot"
        ),
    )


def _queue_age(queues: Queues) -> cloudwatch.IWidget:
    age = "ApproximateAgeOfOldestMessage"
    return _graph(
        "Age of the oldest message, s",
        metrics.queue(queues.ingress.queue_name, age).with_(label="ingress"),
        metrics.queue(queues.workflows.queue_name, age).with_(label="workflows"),
    )


def _limiter_duration() -> cloudwatch.IWidget:
    return _graph(
        "Limiter: duration, ms",
        *(
            metrics.limiter("Duration", it, period=metrics.MINUTE).with_(label=it)
            for it in ("Average", "p95", "Maximum")
        ),
    )


def _limiter_faults() -> cloudwatch.IWidget:
    return _graph(
        "Limiter: errors and throttles",
        *(metrics.limiter(it, period=metrics.MINUTE) for it in ("Invocations", "Errors", "Throttles")),
    )


def _success() -> cloudwatch.IWidget:
    return _graph("Scraper: success rate, %", metrics.custom(Metric.SCRAPING_SUCCESS_RATE, "Average"), most=100)


def _site_errors() -> cloudwatch.IWidget:
    counts = (Metric.ONLYFANS_429_COUNT, Metric.ONLYFANS_4XX_COUNT, Metric.ONLYFANS_5XX_COUNT, Metric.CHALLENGE_COUNT)
    return _graph("The site's errors", *(metrics.custom(it, period=metrics.MINUTE) for it in counts))


def _duration() -> cloudwatch.IWidget:
    return _graph(
        "Latency: one attempt, ms",
        *(metrics.custom(Metric.SCRAPING_DURATION_MS, it).with_(label=it) for it in ("p50", "p95", "Maximum")),
    )


def _waiting() -> cloudwatch.IWidget:
    return _graph(
        "Latency: wait in the workflows queue, ms",
        *(metrics.custom(Metric.QUEUE_WAIT_MS, it).with_(label=it) for it in ("p50", "p95", "Maximum")),
    )


def _turns() -> cloudwatch.IWidget:
    turns = metrics.custom(Metric.TURN_WAIT_MS, "SampleCount", period=metrics.MINUTE)
    return _graph(
        "Turns at the site: taken, put off, answered with 429",
        turns.with_(label="taken"),
        metrics.custom(Metric.TURN_PUT_OFF_COUNT, period=metrics.MINUTE).with_(label="put off"),
        metrics.custom(Metric.ONLYFANS_429_COUNT, period=metrics.MINUTE).with_(label="429"),
    )


def _turn_waits() -> cloudwatch.IWidget:
    return _graph(
        "Waits for a turn, in hand, ms",
        *(metrics.custom(Metric.TURN_WAIT_MS, it).with_(label=it) for it in ("p50", "p95", "Maximum")),
    )


def _tasks() -> cloudwatch.IWidget:
    return _graph("Scaling: tasks", metrics.tasks("RunningTaskCount"), metrics.tasks("DesiredTaskCount"))


def _resources() -> cloudwatch.IWidget:
    return _graph(
        "Scraper: CPU and memory, %",
        metrics.service("CPUUtilization"),
        metrics.service("MemoryUtilization"),
        most=100,
    )


def _cost() -> cloudwatch.IWidget:
    first, further = prices.task_hour(), prices.task_hour(spot=True)
    tasks = metrics.expression(
        # One task is On-Demand (base 1); of the others four in five are Spot.
        f"IF(running > 1, {first:.5f} + (running - 1) * {(4 * further + first) / 5:.5f}, running * {first:.5f}) * 24",
        f"tasks, US$ a day (prices of {prices.AS_OF})",
        running=metrics.tasks("RunningTaskCount").with_(period=metrics.FIVE_MINUTES),
    )
    return _graph("Cost at the present size", tasks)


def _graph(title: str, *figures: cloudwatch.IMetric, most: float | None = None) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(figures),
        left_y_axis=cloudwatch.YAxisProps(min=0, max=most, show_units=False),
        width=THIRD,
        height=6,
    )


def _insights(title: str, log_group: str, lines: list[str]) -> cloudwatch.IWidget:
    return cloudwatch.LogQueryWidget(title=title, log_group_names=[log_group], query_lines=lines, width=HALF, height=8)
