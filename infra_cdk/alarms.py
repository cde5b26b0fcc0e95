"""The alarms, each with what it means and where to look first; every one tells the topic, and tells it again when over."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from huntaze_scraper import names
from huntaze_scraper.back_off import LONGEST_LIMIT_SECONDS
from huntaze_scraper.metric_names import Metric
from infra_cdk import metrics
from infra_cdk.queues import INGRESS_RETENTION, Queues

FIVE_MINUTES = metrics.FIVE_MINUTES


@dataclass(frozen=True)
class Alert:
    """An alarm when the figure is above the threshold for so many periods on end."""

    name: str
    metric: cloudwatch.IMetric
    above: float
    periods: int
    meaning: str


def alerts(queues: Queues) -> list[Alert]:
    """Return every alarm there is."""
    return [*_of_workflows_queue(queues), *_of_ingress(queues), *_of_dlqs(queues), *_of_functions(), *_of_scraper()]


def raise_alarms(scope: Construct, queues: Queues, topic: sns.ITopic) -> list[cloudwatch.Alarm]:
    """Make the alarms, all of which notify the topic."""
    notify = actions.SnsAction(topic)
    alarms = []
    for alert in alerts(queues):
        alarm = cloudwatch.Alarm(
            scope,
            "".join(word.capitalize() for word in alert.name.split("_")),
            alarm_name=alert.name,
            alarm_description=alert.meaning,
            metric=alert.metric,
            threshold=alert.above,
            evaluation_periods=alert.periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            # An idle pipeline publishes nothing: silence is no alarm, and ends one.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(notify)
        alarm.add_ok_action(notify)
        alarms.append(alarm)
    return alarms


def _of_workflows_queue(queues: Queues) -> list[Alert]:
    name = queues.workflows.queue_name
    age = metrics.queue(name, "ApproximateAgeOfOldestMessage")
    depth = metrics.queue(name, "ApproximateNumberOfMessagesVisible")
    return [
        Alert("workflows_queue_age_warning", age, 600, 1, "A job has waited 10 minutes: is the scraper keeping up?"),
        Alert(
            "workflows_queue_age_critical", age, 1800, 1, "A job has waited 30 minutes: the scraper does not keep up."
        ),
        Alert("workflows_queue_depth_high", depth, 500, 1, "More than 500 jobs wait: scaled out to the most tasks?"),
    ]


def _of_ingress(queues: Queues) -> list[Alert]:
    name = queues.ingress.queue_name
    # A message with a slot sleeps, invisible, until it is due: what stays visible was never taken.
    stuck = metrics.queue(name, "ApproximateNumberOfMessagesVisible")
    age = metrics.queue(name, "ApproximateAgeOfOldestMessage")
    days = INGRESS_RETENTION.to_days()
    last_call = (days - 2) * 86_400
    return [
        Alert("ingress_queue_not_taken", stuck, 100, 15, "Messages pile up untaken: does the limiter run?"),
        Alert(
            "ingress_queue_age_critical",
            age,
            last_call,
            1,
            f"A message has waited {days - 2} days of the {days} that the queue keeps it: it is lost in two more.",
        ),
    ]


def _of_dlqs(queues: Queues) -> list[Alert]:
    visible = "ApproximateNumberOfMessagesVisible"
    both = metrics.expression(
        "FILL(ingress, 0) + FILL(workflows, 0)",
        "messages in both DLQs",
        metrics.MINUTE,
        ingress=metrics.queue(queues.ingress_dlq.queue_name, visible),
        workflows=metrics.queue(queues.workflows_dlq.queue_name, visible),
    )
    return [
        Alert("dlq_messages_warning", both, 0, 1, "A message was set aside: its attributes say why (dlq list)."),
        Alert("dlq_messages_critical", both, 100, 1, "More than 100 messages were set aside: a cause common to all."),
    ]


def _of_functions() -> list[Alert]:
    errors = metrics.limiter("Errors")
    throttles = metrics.limiter("Throttles")
    not_rotated = metrics.function(names.ROTATION_FUNCTION, "Errors")
    return [
        Alert("lambda_errors_warning", errors, 10, 1, "The limiter failed more than 10 times in 5 minutes."),
        Alert("lambda_errors_critical", errors, 50, 1, "The limiter failed more than 50 times in 5 minutes."),
        Alert("lambda_throttles", throttles, 0, 1, "The account's concurrency kept the limiter from running."),
        Alert("credentials_rotation_failed", not_rotated, 0, 1, "No new password: change it by hand (runbook)."),
    ]


def _of_scraper() -> list[Alert]:
    failures = metrics.expression(
        "100 - success", "failed attempts, %", success=metrics.custom(Metric.SCRAPING_SUCCESS_RATE, "Average")
    )
    server_errors = metrics.expression(
        "100 * FILL(errors, 0) / attempts",
        "5xx answers per 100 attempts",
        errors=metrics.custom(Metric.ONLYFANS_5XX_COUNT),
        attempts=metrics.custom(Metric.SCRAPING_DURATION_MS, "SampleCount"),
    )
    missing = metrics.expression(
        "desired - running",
        "tasks that should run and do not",
        metrics.MINUTE,
        desired=metrics.tasks("DesiredTaskCount"),
        running=metrics.tasks("RunningTaskCount"),
    )
    cpu = metrics.service("CPUUtilization")
    refused = metrics.custom(Metric.ONLYFANS_429_COUNT)
    opened = metrics.custom(Metric.CIRCUIT_BREAKER_OPEN_COUNT)
    challenged = metrics.custom(Metric.CHALLENGE_COUNT)
    not_ready = metrics.custom(Metric.WORKER_NOT_READY_COUNT)
    # Longer than the longest wait between two receives: so the alarm stays while the trouble does.
    waiting = metrics.custom(Metric.JOB_WAITS_COUNT, period=Duration.seconds(2 * LONGEST_LIMIT_SECONDS))
    uncertain = metrics.custom(Metric.UNCERTAIN_COUNT)
    return [
        Alert(
            "scraper_failure_rate_critical", failures, 50, 2, "More than half of the attempts failed for 10 minutes."
        ),
        Alert(
            "scraper_not_ready",
            not_ready,
            0,
            2,
            "A task takes no work: its table, bucket or browser does not answer; its log names it (task_waits).",
        ),
        Alert(
            "jobs_wait",
            waiting,
            0,
            1,
            "Jobs have waited for over half an hour for what is nobody's fault: job_waits in the log says for what.",
        ),
        Alert("scraper_cpu_high", cpu, 70, 10, "CPU above 70 % for 10 minutes: too many pages a task?"),
        Alert(
            "scraper_tasks_missing", missing, 0, 10, "Tasks that should run do not start or do not stay: see events."
        ),
        Alert("onlyfans_5xx_share_high", server_errors, 20, 2, "The site fails: over 20 5xx answers per 100 attempts."),
        Alert("onlyfans_429_high", refused, 10, 1, "The site refuses our rate: lower the limiter's capacity."),
        Alert(
            "circuit_breaker_opened",
            opened,
            0,
            1,
            "Five failures on end: the scraper pauses itself a minute at a time.",
        ),
        Alert(
            "challenge_seen",
            challenged,
            0,
            1,
            "The site asks for a human: the owner must log in; nothing works around it.",
        ),
        Alert(
            "effect_uncertain",
            uncertain,
            0,
            1,
            "Nobody knows whether a message was sent: somebody has to look into the conversation (runbook).",
        ),
    ]
