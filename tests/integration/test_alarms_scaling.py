"""Target tracking on a service and a queue of its own; plain boto3, so that an AWS account could answer as well."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.integration.minutes import Minutes
from tests.patience import until


class Scene:
    """A service of idle tasks that follows the depth of a queue: 100 messages a task, 1 to 10 tasks."""

    def __init__(self, emulator: Clients, clock: Clock) -> None:
        self.emulator, self.minutes = emulator, Minutes(emulator, clock)
        mark = uuid4().hex[:8]
        self.cluster, self.service = f"scaling-{mark}", "idle"
        queue = f"scaling-{mark}"
        self.queue = emulator.sqs.create_queue(QueueName=queue)["QueueUrl"]
        emulator.ecs.create_cluster(clusterName=self.cluster)
        definition = emulator.ecs.register_task_definition(
            family=f"idle-{mark}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {"name": "idle", "image": "public.ecr.aws/docker/library/busybox", "command": ["sleep", "864000"]}
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        emulator.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.service,
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-00000000"]}},
        )
        self.key: dict[str, Any] = {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{self.cluster}/{self.service}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }
        emulator.autoscaling.register_scalable_target(**self.key, MinCapacity=1, MaxCapacity=10)
        self.policy = emulator.autoscaling.put_scaling_policy(
            **self.key,
            PolicyName="depth",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 100.0,
                "ScaleOutCooldown": 60,
                "ScaleInCooldown": 300,
                "CustomizedMetricSpecification": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": queue}],
                    "Statistic": "Average",
                },
            },
        )

    def fill(self, number: int) -> None:
        """Put so many messages into the queue."""
        for _ in range(number // 10):
            entries = [{"Id": str(place), "MessageBody": "work"} for place in range(10)]
            self.emulator.sqs.send_message_batch(QueueUrl=self.queue, Entries=entries)  # type: ignore[arg-type]

    def tasks(self) -> tuple[int, int]:
        """Return how many tasks are wanted and how many run."""
        services = self.emulator.ecs.describe_services(cluster=self.cluster, services=[self.service])["services"]
        return services[0]["desiredCount"], services[0]["runningCount"]

    def activities(self, **more: Any) -> list[Any]:
        return list(self.emulator.autoscaling.describe_scaling_activities(**self.key, **more)["ScalingActivities"])

    def clear(self) -> None:
        self.emulator.autoscaling.deregister_scalable_target(**self.key)
        self.emulator.ecs.delete_service(cluster=self.cluster, service=self.service, force=True)
        self.emulator.sqs.delete_queue(QueueUrl=self.queue)


@pytest.fixture
def scene(emulator: Clients, clock: Clock) -> Iterator[Scene]:
    """Begin with one task that runs."""
    made = Scene(emulator, clock)
    until(lambda: made.tasks() == (1, 1), what="the task running")
    yield made
    made.clear()


@pytest.mark.requirement("3.1")
def test_policy_makes_two_alarms_that_go_with_it(scene: Scene) -> None:
    """Names and settings are those of AWS; a deleted policy leaves no alarm."""
    client = scene.emulator.cloudwatch
    prefix = f"TargetTracking-{scene.key['ResourceId']}-Alarm"
    alarms = client.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == {alarm["AlarmName"] for alarm in scene.policy["Alarms"]}
    settings = {
        alarm["AlarmName"].removeprefix(prefix).partition("-")[0]: (
            alarm["ComparisonOperator"],
            alarm["Threshold"],
            alarm["Period"],
            alarm["EvaluationPeriods"],
        )
        for alarm in alarms
    }
    assert settings == {"High": ("GreaterThanThreshold", 100, 60, 3), "Low": ("LessThanThreshold", 90, 60, 15)}
    scene.emulator.autoscaling.delete_scaling_policy(**scene.key, PolicyName="depth")
    assert client.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"] == []


@pytest.mark.requirement("3.2")
@pytest.mark.requirement("3.3")
def test_service_follows_the_queue_out_and_in(scene: Scene) -> None:
    """Three minutes at 300 messages make 3 tasks; fifteen empty minutes begin to take them away again."""
    scene.fill(300)
    scene.minutes.within(5, lambda: scene.tasks()[0] == 3)
    scene.emulator.sqs.purge_queue(QueueUrl=scene.queue)
    scene.minutes.pass_by()  # another minute of 300 messages may have scaled out again
    top = scene.tasks()[0]
    scene.minutes.pass_by(14)
    scene.minutes.within(6, lambda: scene.tasks()[0] == top - 1)
    newest, *_, first = scene.activities()
    assert first["Description"] == "Setting desired count to 3."
    assert f"{scene.key['ResourceId']}-AlarmHigh-" in first["Cause"]
    assert first["Cause"].endswith("in state ALARM triggered policy depth")
    assert f"{scene.key['ResourceId']}-AlarmLow-" in newest["Cause"]
    until(lambda: scene.activities()[0]["StatusCode"] == "Successful", what="the newest activity's success")


@pytest.mark.requirement("3.2")
def test_service_stops_at_its_maximum_and_says_so(scene: Scene) -> None:
    """However deep the queue is."""
    scene.fill(2000)
    scene.minutes.within(5, lambda: scene.tasks()[0] == 10)
    scene.minutes.within(
        3,
        lambda: any(
            reason["Code"] == "AlreadyAtMaxCapacity"
            for activity in scene.activities(IncludeNotScaledActivities=True)
            for reason in activity.get("NotScaledReasons", [])
        ),
    )


def test_suspended_target_does_not_scale_until_it_is_resumed(scene: Scene) -> None:
    """A deep queue changes nothing meanwhile."""
    scene.emulator.autoscaling.register_scalable_target(
        **scene.key, SuspendedState={"DynamicScalingOutSuspended": True}
    )
    scene.fill(200)
    scene.minutes.pass_by(6)
    alarm = next(each["AlarmName"] for each in scene.policy["Alarms"] if "High" in each["AlarmName"])
    states = scene.emulator.cloudwatch
    scene.minutes.within(
        3, lambda: states.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"] == "ALARM"
    )
    assert scene.tasks()[0] == 1
    scene.emulator.autoscaling.register_scalable_target(
        **scene.key, SuspendedState={"DynamicScalingOutSuspended": False}
    )
    scene.minutes.within(3, lambda: scene.tasks()[0] == 2)


def test_raised_minimum_takes_effect_at_once(scene: Scene) -> None:
    """Two tasks at least, without any alarm."""
    scene.emulator.autoscaling.register_scalable_target(**scene.key, MinCapacity=2, MaxCapacity=10)
    until(lambda: scene.tasks() == (2, 2), what="the second task running")
    assert scene.activities()[0]["Cause"] == "minimum capacity was set to 2"


def test_policy_without_a_target_is_refused(emulator: Clients) -> None:
    """There must be a scalable target first, and for that a service."""
    client = emulator.autoscaling
    key: dict[str, Any] = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/none/none",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    with pytest.raises(client.exceptions.ValidationException, match="ECS service doesn't exist"):
        client.register_scalable_target(**key, MinCapacity=1, MaxCapacity=2)
    with pytest.raises(client.exceptions.ObjectNotFoundException, match="No scalable target registered"):
        client.put_scaling_policy(
            **key,
            PolicyName="none",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        )
