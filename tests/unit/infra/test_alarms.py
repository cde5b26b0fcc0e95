"""The alarms, by the plan's names and figures."""

import re

import pytest

from huntaze_scraper.metric_names import NAMESPACE, Metric
from huntaze_scraper.rate_limiter.handler import CLIENTS
from infra_cdk.rate_limiter import MAX_CONCURRENCY
from tests.unit.infra.template import Assembly, Json, text

AWS_METRICS = {
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    "AWS/Lambda": {"Errors", "Throttles"},
    "AWS/ECS": {"CPUUtilization"},
    "ECS/ContainerInsights": {"RunningTaskCount", "DesiredTaskCount"},
}


@pytest.fixture
def alarms(assembly: Assembly) -> dict[str, Json]:
    """Return the alarms by name."""
    return {it["AlarmName"]: it for it in assembly["Observability"].properties("AWS::CloudWatch::Alarm")}


def _figures(alarm: Json) -> tuple[str, str, int, int]:
    return alarm["MetricName"], alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]


def _queue(alarm: Json) -> str:
    (dimension,) = alarm["Dimensions"]
    return text(dimension["Value"])


def _expression(alarm: Json) -> str:
    (shown,) = [it for it in alarm["Metrics"] if it.get("Expression")]
    return str(shown["Expression"])


@pytest.mark.requirement("5.1")
@pytest.mark.parametrize(
    ("name", "seconds"), [("workflows_queue_age_warning", 600), ("workflows_queue_age_critical", 1800)]
)
def test_a_job_that_waits_too_long_alarms(alarms: dict[str, Json], name: str, seconds: int) -> None:
    """The workflows queue's oldest message: a warning after 10 minutes, critical after 30."""
    alarm = alarms[name]
    assert _figures(alarm) == ("ApproximateAgeOfOldestMessage", "Maximum", 60, 1)
    assert alarm["Threshold"] == seconds
    assert re.search(r"Workflows[0-9A-F]", _queue(alarm))


@pytest.mark.requirement("5.2")
def test_more_than_five_hundred_jobs_alarm(alarms: dict[str, Json]) -> None:
    """The workflows queue's depth."""
    alarm = alarms["workflows_queue_depth_high"]
    assert _figures(alarm) == ("ApproximateNumberOfMessagesVisible", "Maximum", 60, 1)
    assert alarm["Threshold"] == 500


@pytest.mark.requirement("5.3")
@pytest.mark.parametrize(("name", "errors"), [("lambda_errors_warning", 10), ("lambda_errors_critical", 50)])
def test_a_limiter_that_fails_alarms(alarms: dict[str, Json], name: str, errors: int) -> None:
    """More than 10 errors in 5 minutes warn, more than 50 are critical."""
    alarm = alarms[name]
    assert _figures(alarm) == ("Errors", "Sum", 300, 1)
    assert alarm["Threshold"] == errors
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": "huntaze-rate-limiter"}]


@pytest.mark.requirement("5.3")
def test_a_state_table_that_hangs_warns_and_is_not_critical() -> None:
    """Invocations that wait for their time-outs are too few: the page of requirements says so."""
    seconds = CLIENTS.read_timeout * CLIENTS.retries["total_max_attempts"]
    failures = MAX_CONCURRENCY * 300 / seconds
    assert 10 < failures < 50


def test_a_throttled_limiter_alarms(alarms: dict[str, Json]) -> None:
    """At the first throttle."""
    assert _figures(alarms["lambda_throttles"]) == ("Throttles", "Sum", 300, 1)
    assert alarms["lambda_throttles"]["Threshold"] == 0


def test_more_failures_than_successes_for_ten_minutes_alarm(alarms: dict[str, Json]) -> None:
    """From the roll-up that the scraper publishes without dimensions, over two periods of five minutes."""
    alarm = alarms["scraper_failure_rate_critical"]
    assert _expression(alarm) == "100 - success"
    (success,) = [it["MetricStat"] for it in alarm["Metrics"] if "MetricStat" in it]
    assert success["Metric"] == {"Namespace": NAMESPACE, "MetricName": Metric.SCRAPING_SUCCESS_RATE}
    assert (success["Stat"], success["Period"], alarm["EvaluationPeriods"]) == ("Average", 300, 2)
    assert alarm["Threshold"] == 50


@pytest.mark.parametrize(("name", "messages"), [("dlq_messages_warning", 0), ("dlq_messages_critical", 100)])
def test_messages_set_aside_alarm(alarms: dict[str, Json], name: str, messages: int) -> None:
    """Both DLQs together, also while one of them publishes nothing."""
    alarm = alarms[name]
    assert _expression(alarm) == "FILL(ingress, 0) + FILL(workflows, 0)"
    assert alarm["Threshold"] == messages
    queues = {
        text(it["MetricStat"]["Metric"]["Dimensions"][0]["Value"]) for it in alarm["Metrics"] if "MetricStat" in it
    }
    assert len(queues) == 2
    assert all("Dlq" in it for it in queues)


@pytest.mark.requirement("6.4")
def test_a_busy_cpu_alarms_after_ten_minutes(alarms: dict[str, Json]) -> None:
    """Ten minutes on end above 70 per cent."""
    alarm = alarms["scraper_cpu_high"]
    assert _figures(alarm) == ("CPUUtilization", "Average", 60, 10)
    assert alarm["Threshold"] == 70


def test_a_failing_site_alarms_by_its_share(alarms: dict[str, Json]) -> None:
    """5xx answers per 100 attempts, so that a busy hour is not taken for a bad one."""
    alarm = alarms["onlyfans_5xx_share_high"]
    assert _expression(alarm) == "100 * FILL(errors, 0) / attempts"
    stats = {
        it["Id"]: (it["MetricStat"]["Metric"]["MetricName"], it["MetricStat"]["Stat"])
        for it in alarm["Metrics"]
        if "MetricStat" in it
    }
    assert stats == {
        "errors": (Metric.ONLYFANS_5XX_COUNT, "Sum"),
        "attempts": (Metric.SCRAPING_DURATION_MS, "SampleCount"),
    }


@pytest.mark.requirement("5.5")
def test_every_alarm_and_its_end_notifies_the_topic(assembly: Assembly, alarms: dict[str, Json]) -> None:
    """huntaze-cost-alerts, and nobody has to look whether it is over."""
    ((topic, body),) = assembly["Observability"].of_type("AWS::SNS::Topic").items()
    assert body["Properties"]["TopicName"] == "huntaze-cost-alerts"
    assert len(alarms) >= 12
    for alarm in alarms.values():
        assert [text(it) for it in alarm["AlarmActions"]] == [f"${{{topic}}}"]
        assert [text(it) for it in alarm["OKActions"]] == [f"${{{topic}}}"]


def test_an_idle_pipeline_raises_no_alarm(alarms: dict[str, Json]) -> None:
    """What publishes nothing when nothing happens must not alarm for it."""
    assert {it["TreatMissingData"] for it in alarms.values()} == {"notBreaching"}


def test_every_alarm_says_what_it_means(alarms: dict[str, Json]) -> None:
    """The notification is read at night."""
    for name, alarm in alarms.items():
        assert alarm["AlarmDescription"].strip(), name
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold", name


@pytest.mark.requirement("5.4")
def test_every_alarm_watches_a_metric_that_somebody_publishes(alarms: dict[str, Json]) -> None:
    """Ours by the names in the package and without dimensions, which alarms do not aggregate; AWS's by theirs."""
    seen = set()
    for alarm in alarms.values():
        metrics = [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it] or [alarm]
        for metric in metrics:
            namespace, name = metric["Namespace"], metric["MetricName"]
            seen.add(namespace)
            if namespace == NAMESPACE:
                assert name in list(Metric)
                assert "Dimensions" not in metric
            else:
                assert name in AWS_METRICS[namespace]
                assert metric["Dimensions"]
    assert seen == {NAMESPACE, *AWS_METRICS}


def test_the_topic_is_encrypted_and_alarms_may_use_it(assembly: Assembly) -> None:
    """An encrypted topic that CloudWatch has no key for is silent: the classic way to miss an alarm."""
    topic = assembly["Observability"].only("AWS::SNS::Topic")
    assert "HuntazeQueues" in text(topic["KmsMasterKeyId"])
    statements = assembly["Queues"].only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (granted,) = [it for it in statements if it.get("Principal") == {"Service": "cloudwatch.amazonaws.com"}]
    assert set(granted["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    policy = assembly["Observability"].only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert any(it["Effect"] == "Allow" and it["Principal"] == {"Service": "cloudwatch.amazonaws.com"} for it in policy)
    assert any(
        it["Effect"] == "Deny" and it["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for it in policy
    )
