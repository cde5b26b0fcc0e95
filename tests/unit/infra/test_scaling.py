"""How the number of tasks follows the queue."""

import pytest

from tests.unit.infra.template import Assembly, text


@pytest.mark.requirement("3.2", "3.3")
def test_between_one_and_ten_tasks_run(assembly: Assembly) -> None:
    """The service's desired count is what scales."""
    target = assembly["Scraper"].only("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 10)
    assert target["ServiceNamespace"] == "ecs"
    assert target["ScalableDimension"] == "ecs:service:DesiredCount"
    assert text(target["ResourceId"]).startswith("service/")


@pytest.mark.requirement("3.1")
def test_scaling_tracks_a_hundred_visible_messages_of_the_workflows_queue(assembly: Assembly) -> None:
    """The plan's target and cooldowns."""
    policy = assembly["Scraper"].only("AWS::ApplicationAutoScaling::ScalingPolicy")
    assert policy["PolicyType"] == "TargetTrackingScaling"
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 100
    assert (tracking["ScaleInCooldown"], tracking["ScaleOutCooldown"]) == (300, 60)
    metric = tracking["CustomizedMetricSpecification"]
    assert (metric["Namespace"], metric["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    (dimension,) = metric["Dimensions"]
    assert dimension["Name"] == "QueueName"
    assert "Workflows" in text(dimension["Value"])


def test_backlog_per_task_is_offered_beside_it(assembly_on_existing: Assembly) -> None:
    """Visible messages over wanted tasks, which falls as tasks are added; all of them while none is wanted."""
    policy = assembly_on_existing["Scraper"].only("AWS::ApplicationAutoScaling::ScalingPolicy")
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 100
    queries = {it["Id"]: it for it in tracking["CustomizedMetricSpecification"]["Metrics"]}
    assert queries["backlog"]["Expression"] == "IF(wanted > 0, depth / wanted, depth)"
    assert [name for name, it in queries.items() if it["ReturnData"]] == ["backlog"]
    wanted = queries["wanted"]["MetricStat"]["Metric"]
    assert (wanted["Namespace"], wanted["MetricName"]) == ("ECS/ContainerInsights", "DesiredTaskCount")
    depth = queries["depth"]["MetricStat"]["Metric"]
    assert depth["Dimensions"] == [{"Name": "QueueName", "Value": "their-workflows.fifo"}]
