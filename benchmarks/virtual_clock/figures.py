"""What a client on the clock sees of the cloud's times; run as a process of its own, on that clock.

Standard input and output are a conversation with whoever owns the clock: "jump SECONDS" asks for a jump and is answered
with a line; the last line is the JSON of what was measured.
"""

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from emulator.harness.clients import Clients

MINUTE = 60
LOOK_SECONDS = 0.25
POLLS = 3
NETWORK: Any = {"awsvpcConfiguration": {"subnets": ["subnet-00000000"]}}

type Skip = Callable[[float], None]
"""Lets a stretch of time pass in which nothing is looked at: waits for it, or has the clock jump."""


@dataclass(frozen=True)
class Figure:
    """A time of the cloud's, and how to measure it; `measure` returns virtual seconds."""

    seconds: float
    measure: Callable[[Clients, Skip], float]


def visibility(cloud: Clients, skip: Skip) -> float:
    """From a message's receipt until it is received again."""
    queue = cloud.sqs.create_queue(QueueName=_name(), Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    cloud.sqs.send_message(QueueUrl=queue, MessageBody="work")
    _receive(cloud, queue)
    begun = time.monotonic()
    skip(290)
    _receive(cloud, queue)
    return time.monotonic() - begun


def delay(cloud: Clients, skip: Skip) -> float:
    """From a message's sending with a delay until it is received."""
    queue = cloud.sqs.create_queue(QueueName=_name())["QueueUrl"]
    cloud.sqs.send_message(QueueUrl=queue, MessageBody="work", DelaySeconds=900)
    begun = time.monotonic()
    skip(890)
    _receive(cloud, queue)
    return time.monotonic() - begun


def long_poll(cloud: Clients, _skip: Skip) -> float:
    """How long a poll of an empty queue lasts, half of the time."""
    queue = cloud.sqs.create_queue(QueueName=_name())["QueueUrl"]
    polls = []
    for _ in range(POLLS):
        begun = time.monotonic()
        cloud.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        polls.append(time.monotonic() - begun)
    return statistics.median(polls)


def deduplication(cloud: Clients, skip: Skip) -> float:
    """From a message's sending until a copy of it is taken for a new one."""
    queue = cloud.sqs.create_queue(QueueName=f"{_name()}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]

    def send() -> str:
        return cloud.sqs.send_message(
            QueueUrl=queue, MessageBody="work", MessageGroupId="group", MessageDeduplicationId="copy"
        )["MessageId"]

    first, begun = send(), time.monotonic()
    skip(290)
    while send() == first:
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - begun


def alarm(cloud: Clients, skip: Skip) -> float:
    """From the beginning of fifteen bad minutes until the alarm that asks for fifteen is in ALARM."""
    name = _name()
    _skip_to(_next_minute() - 10, skip)
    begun = _next_minute()
    _publish_each_minute(cloud, name, begun, 18)
    _put_alarm(cloud, name, periods=15, actions=[])
    skip(begun + 15 * MINUTE - 10 - time.time())
    while cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"] != "ALARM":
        time.sleep(LOOK_SECONDS)
    return time.time() - begun


def cooldown(cloud: Clients, skip: Skip) -> float:
    """From one scale-in to the next, as told by the activities, of a policy that its alarm calls each minute and that cools down for 300 s."""
    name = _name()
    _start_service(cloud, name)
    key: Any = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    cloud.autoscaling.register_scalable_target(**key, MinCapacity=0, MaxCapacity=2)
    policy = cloud.autoscaling.put_scaling_policy(
        **key,
        PolicyName="down",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": 300,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": -1}],
        },
    )["PolicyARN"]
    first = _next_minute()
    _publish_each_minute(cloud, name, first, 20)
    _put_alarm(cloud, name, periods=1, actions=[policy])
    _skip_to(first + MINUTE - 5, skip)
    _await_desired(cloud, name, 1)
    skip(290)
    _await_desired(cloud, name, 0)
    told = cloud.autoscaling.describe_scaling_activities(**key)["ScalingActivities"]
    second, earlier = sorted((each["StartTime"] for each in told if "NotScaledReasons" not in each), reverse=True)[:2]
    return (second - earlier).total_seconds()


FIGURES = {
    "visibility": Figure(300, visibility),
    "delay": Figure(900, delay),
    "long poll": Figure(20, long_poll),
    "deduplication": Figure(300, deduplication),
    "alarm": Figure(900, alarm),
    "cooldown": Figure(300, cooldown),
}


def _name() -> str:
    return f"bench-{uuid4().hex[:12]}"


def _receive(cloud: Clients, queue: str) -> None:
    while not cloud.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages"):
        pass


def _next_minute() -> float:
    return (time.time() // MINUTE + 1) * MINUTE


def _skip_to(moment: float, skip: Skip) -> None:
    if moment > time.time():
        skip(moment - time.time())


def _publish_each_minute(cloud: Clients, name: str, first: float, minutes: int) -> None:
    """Publish for this and the coming minutes: CloudWatch takes times up to two hours ahead."""
    data: Any = [
        {"MetricName": name, "Timestamp": datetime.fromtimestamp(first + place * MINUTE, UTC), "Value": 100}
        for place in range(minutes)
    ]
    cloud.cloudwatch.put_metric_data(Namespace="Bench", MetricData=data)


def _put_alarm(cloud: Clients, name: str, *, periods: int, actions: list[str]) -> None:
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Bench",
        MetricName=name,
        Statistic="Maximum",
        Period=MINUTE,
        EvaluationPeriods=periods,
        Threshold=10,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=actions,
    )


def _start_service(cloud: Clients, name: str) -> None:
    cloud.ecs.create_cluster(clusterName=name)
    container: Any = {"name": "idle", "image": "public.ecr.aws/docker/library/busybox", "command": ["sleep", "864000"]}
    definition = cloud.ecs.register_task_definition(
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )["taskDefinition"]["taskDefinitionArn"]
    cloud.ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=definition,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    )
    while _service(cloud, name)["deployments"][0].get("rolloutState") != "COMPLETED":
        time.sleep(LOOK_SECONDS)


def _service(cloud: Clients, name: str) -> Any:
    return cloud.ecs.describe_services(cluster=name, services=[name])["services"][0]


def _await_desired(cloud: Clients, name: str, count: int) -> None:
    while _service(cloud, name)["desiredCount"] != count:
        time.sleep(LOOK_SECONDS)


def main() -> None:
    """Measure: `figures.py ENDPOINT wait|jump`; waiting, all long figures at once, else one after another."""
    cloud, way = Clients(sys.argv[1]), sys.argv[2]
    _warm_up(cloud)
    talking = threading.Lock()

    def jump(seconds: float) -> None:
        with talking:
            print(f"jump {seconds}", flush=True)
            sys.stdin.readline()

    skip, at_once = (jump, 1) if way == "jump" else (time.sleep, len(FIGURES))
    measured = {"long poll": FIGURES["long poll"].measure(cloud, skip)}
    with ThreadPoolExecutor(at_once) as pool:
        runs = {
            name: pool.submit(figure.measure, cloud, skip) for name, figure in FIGURES.items() if name not in measured
        }
    print(json.dumps(measured | {name: run.result() for name, run in runs.items()}), flush=True)


def _warm_up(cloud: Clients) -> None:
    """Have the emulator load what it loads at first use, and make the clients."""
    cloud.sqs.list_queues()
    cloud.cloudwatch.describe_alarms()
    cloud.ecs.list_clusters()
    cloud.autoscaling.describe_scalable_targets(ServiceNamespace="ecs")


if __name__ == "__main__":
    main()
