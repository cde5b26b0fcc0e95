"""The alarms that target tracking makes."""

import pytest
from localprocs.alarms.book import AlarmBook
from localprocs.alarms.metrics import MetricStore
from localprocs.autoscaling.targets import Policy, TargetKey
from localprocs.autoscaling.tracking_alarms import UnknownMetricError, delete_alarms, put_alarms

KEY = TargetKey("ecs", "service/huntaze-cluster/scraper", "ecs:service:DesiredCount")
CUSTOM = {
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Dimensions": [{"Name": "QueueName", "Value": "jobs.fifo"}],
    "Statistic": "Average",
}


@pytest.fixture
def book():
    """Begin without alarms."""
    return AlarmBook("0", "us-east-1", MetricStore(), lambda *_: None, lambda *_: None)


def policy_of(**configuration):
    """Make a policy."""
    return Policy(KEY, "depth", "arn:policy", 0.0, "TargetTrackingScaling", {"TargetValue": 100.0, **configuration})


@pytest.mark.requirement("3.1")
def test_policy_makes_two_alarms_with_the_names_and_settings_of_aws(book):
    """Out after 3 of 3 minutes above the target, in after 15 of 15 below nine tenths of it."""
    policy = policy_of(CustomizedMetricSpecification=CUSTOM)
    put_alarms(book, policy)
    high, low = (book.alarms[policy.alarm_names[side]] for side in ("High", "Low"))
    for alarm, side in ((high, "High"), (low, "Low")):
        assert alarm["AlarmName"].startswith(f"TargetTracking-service/huntaze-cluster/scraper-Alarm{side}-")
        assert alarm["AlarmDescription"] == "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy arn:policy."
        assert alarm["AlarmActions"] == ["arn:policy"]
        assert (alarm["Period"], alarm["Statistic"], alarm["MetricName"]) == (60, "Average", CUSTOM["MetricName"])
    assert (high["ComparisonOperator"], high["Threshold"], high["EvaluationPeriods"]) == (
        "GreaterThanThreshold",
        100,
        3,
    )
    assert (low["ComparisonOperator"], low["Threshold"], low["EvaluationPeriods"]) == ("LessThanThreshold", 90, 15)


def test_changed_policy_keeps_its_alarms_names(book):
    """An update changes the thresholds only."""
    policy = policy_of(CustomizedMetricSpecification=CUSTOM)
    put_alarms(book, policy)
    names = dict(policy.alarm_names)
    policy.configuration = {**policy.configuration, "TargetValue": 50.0}
    put_alarms(book, policy)
    assert policy.alarm_names == names
    assert book.alarms[names["Low"]]["Threshold"] == 45


def test_policy_that_never_scales_in_has_no_low_alarm(book):
    """Nothing would listen to it."""
    policy = policy_of(CustomizedMetricSpecification=CUSTOM)
    put_alarms(book, policy)
    policy.configuration = {**policy.configuration, "DisableScaleIn": True}
    put_alarms(book, policy)
    assert [name for name in book.alarms if "AlarmLow" in name] == []
    assert list(policy.alarm_names) == ["High"]


@pytest.mark.parametrize(
    ("predefined", "metric"),
    [
        ("ECSServiceAverageCPUUtilization", "CPUUtilization"),
        ("ECSServiceAverageMemoryUtilization", "MemoryUtilization"),
    ],
)
def test_predefined_metric_is_the_services_own(book, predefined, metric):
    """The average of the service's tasks."""
    put_alarms(book, policy_of(PredefinedMetricSpecification={"PredefinedMetricType": predefined}))
    alarm = next(iter(book.alarms.values()))
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ECS", metric)
    assert alarm["Dimensions"] == [
        {"Name": "ClusterName", "Value": "huntaze-cluster"},
        {"Name": "ServiceName", "Value": "scraper"},
    ]


def test_metric_that_is_not_emulated_is_refused(book):
    """No load balancer, no requests."""
    with pytest.raises(UnknownMetricError, match="ALBRequestCountPerTarget"):
        put_alarms(book, policy_of(PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget"}))


def test_metric_math_is_watched_by_the_minute(book):
    """A policy's queries name no period; its alarms' do."""
    queries = [
        {"Id": "backlog", "Expression": "depth / tasks", "ReturnData": True},
        {
            "Id": "depth",
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "D"}, "Stat": "Sum"},
            "ReturnData": False,
        },
        {
            "Id": "tasks",
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "T"}, "Stat": "Sum"},
            "ReturnData": False,
        },
    ]
    put_alarms(book, policy_of(CustomizedMetricSpecification={"Metrics": queries}))
    alarm = next(iter(book.alarms.values()))
    assert [query["MetricStat"]["Period"] for query in alarm["Metrics"][1:]] == [60, 60]


def test_deleted_policy_takes_its_alarms_along(book):
    """No alarm of it is left."""
    policy = policy_of(CustomizedMetricSpecification=CUSTOM)
    put_alarms(book, policy)
    delete_alarms(book, policy)
    assert book.alarms == {}
