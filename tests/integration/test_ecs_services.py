"""Services keep their tasks: health, capacity, protection, deployments, interruptions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.ecs_scene import IDLE, Scene
from tests.patience import until
from tests.processes import kill

CHECK = {"command": ["CMD-SHELL", "test ! -e sick"], "interval": 5, "timeout": 2, "retries": 2, "startPeriod": 10}
CRASH = "raise SystemExit(1)"


@pytest.fixture
def scene(emulator: Clients, clock: Clock) -> Iterator[Scene]:
    """A cluster of its own."""
    made = Scene(emulator, clock)
    yield made
    made.clear()


@pytest.mark.requirement("6.1")
def test_capacity_providers_follow_base_and_weights(scene: Scene) -> None:
    """The first on demand, then four on Spot for each further one; scale-in leaves the first."""
    scene.serve(scene.define(), desired=6)
    providers = [task["capacityProviderName"] for task in scene.tasks()]
    assert sorted(providers) == ["FARGATE"] * 2 + ["FARGATE_SPOT"] * 4
    scene.update(desiredCount=1)

    scene.running(1)
    assert [task["capacityProviderName"] for task in scene.tasks()] == ["FARGATE"]


def test_a_killed_task_is_replaced_and_a_crashing_one_ever_more_slowly(scene: Scene) -> None:
    """The waiter of boto3 sees the service stable again."""
    [arn] = scene.serve(scene.define())
    kill(psutil.Process(scene.process(arn)["pid"]))
    scene.stopped(arn)
    scene.running(1)
    scene.ecs.get_waiter("services_stable").wait(
        cluster=scene.cluster, services=[scene.service], WaiterConfig={"Delay": 1}
    )
    crashing = scene.define(CRASH)
    scene.update(taskDefinition=crashing)
    scene.clock.jump(600)
    until(lambda: scene.described()["deployments"][0]["failedTasks"] >= 7, what="seven failures")
    begun = sorted(
        task["createdAt"]
        for task in scene.ecs.describe_tasks(
            cluster=scene.cluster,
            tasks=scene.ecs.list_tasks(cluster=scene.cluster, desiredStatus="STOPPED")["taskArns"],
        )["tasks"]
        if task["taskDefinitionArn"] == crashing
    )

    # A task that lived through the jump begins the row anew.
    assert begun[-1] - begun[-2] >= timedelta(seconds=4)


def test_a_sick_task_is_replaced(scene: Scene) -> None:
    """The health check fails in the container's own folder and environment; the replacement comes first."""
    [arn] = scene.serve(scene.define(healthCheck=CHECK))
    until(lambda: scene.task(arn)["healthStatus"] == "HEALTHY", what="health")
    Path(f"/proc/{scene.process(arn)['pid']}/cwd/sick").touch()
    task = scene.stopped(arn)

    assert (task["stopCode"], task["healthStatus"]) == ("ServiceSchedulerInitiated", "UNHEALTHY")
    assert task["stoppedReason"] == "Task failed container health checks"
    [other] = scene.running(1)
    assert scene.task(other)["healthStatus"] == "HEALTHY"


def test_a_protected_task_survives_scale_in_until_its_protection_ends(scene: Scene) -> None:
    """A container protects itself through its agent's endpoint."""
    program = (
        "import json, os, urllib.request\n"
        "body = json.dumps({'ProtectionEnabled': True, 'ExpiresInMinutes': 10}).encode()\n"
        "url = os.environ['ECS_AGENT_URI'] + '/task-protection/v1/state'\n"
        "request = urllib.request.Request(url, body, {'Content-Type': 'application/json'}, method='PUT')\n"
        "print(json.load(urllib.request.urlopen(request))['protection']['ProtectionEnabled'], flush=True)\n"
    )
    arns = scene.serve(scene.define(program + IDLE), desired=2)
    for arn in arns:
        scene.logged(arn, "True")
    scene.update(desiredCount=0)
    told = scene.ecs.get_task_protection(cluster=scene.cluster, tasks=arns)["protectedTasks"]
    assert [each["protectionEnabled"] for each in told] == [True, True]
    assert len(scene.running(2)) == 2
    scene.clock.jump(600)

    until(lambda: scene.tasks() == [], what="scale-in")


@pytest.mark.requirement("6.5")
def test_a_spot_interruption_is_told_and_gives_time_and_the_task_is_replaced(scene: Scene) -> None:
    """The event and SIGTERM at once, SIGKILL when stopTimeout is over, a new task beside it."""
    program = (
        "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print('warned', flush=True)); print('up', flush=True)\n"
        "while True: time.sleep(60)"
    )
    arns = scene.serve(scene.define(program, stopTimeout=60), desired=2)
    spot = next(task["taskArn"] for task in scene.tasks() if task["capacityProviderName"] == "FARGATE_SPOT")
    for arn in arns:
        scene.logged(arn, "up")
    scene.clock.pause()
    with scene.events() as events:
        answer = scene.interrupt({"task": spot})
        assert (answer.status_code, answer.json()) == (200, {"interrupted": [spot]})
        scene.clock.until(lambda: "warned" in scene.lines(spot), within=10, each=1, what="SIGTERM")
        scene.clock.until(lambda: scene.run_now(2), within=30, each=1, what="a new task beside it")
        scene.clock.advance(15)
        assert scene.task(spot)["lastStatus"] == "STOPPING"
        scene.clock.resume()
        task = scene.stopped(spot)

        def of_spot() -> list[Any]:
            return [event for event in events() if event["resources"] == [spot]]

        until(lambda: any(event["detail"]["lastStatus"] == "STOPPED" for event in of_spot()), what="the last event")
        first = min(of_spot(), key=lambda event: event["detail"]["version"])

    assert (task["stopCode"], task["stoppedReason"]) == ("SpotInterruption", "Your Spot Task was interrupted.")
    assert task["containers"][0]["exitCode"] == 137
    assert 60 <= (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() <= 90
    assert first["detail-type"] == "ECS Task State Change"
    assert (first["detail"]["lastStatus"], first["detail"]["desiredStatus"]) == ("RUNNING", "STOPPED")
    assert (first["detail"]["stopCode"], first["detail"]["group"]) == ("SpotInterruption", f"service:{scene.service}")


@pytest.mark.parametrize("content", [{}, {"share": 2}, {"task": "nobody"}, {"task": "a", "share": 1}])
def test_a_wrong_interruption_is_refused_in_one_line(scene: Scene, content: Any) -> None:
    """400, and what is wrong."""
    answer = scene.interrupt(content)

    assert answer.status_code == 400
    assert answer.json()["error"].count("\n") == 0


def test_a_new_task_definition_takes_over_when_it_is_healthy(scene: Scene) -> None:
    """Between 100 and 200 percent there is never less than one healthy task."""
    [old] = scene.serve(scene.define(healthCheck=CHECK))
    until(lambda: scene.task(old)["healthStatus"] == "HEALTHY", what="health")
    newer = scene.define(healthCheck=CHECK)
    scene.update(taskDefinition=newer)
    task = scene.stopped(old)
    scene.steady()

    [deployment] = scene.described()["deployments"]
    assert (deployment["taskDefinition"], deployment["rolloutState"]) == (newer, "COMPLETED")
    assert task["stoppedReason"] == f"Scaling activity initiated by deployment {deployment['id']}"
    [new] = scene.tasks()
    assert (new["healthStatus"], new["taskDefinitionArn"]) == ("HEALTHY", newer)
    assert new["startedAt"] < task["stoppingAt"]


def test_a_deployment_that_crashes_is_rolled_back(scene: Scene) -> None:
    """The circuit breaker gives up after three; the old task is never touched."""
    breaker: Any = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    [old] = scene.serve(scene.define(healthCheck=CHECK), deploymentConfiguration=breaker)
    scene.steady()
    before = scene.described()["deployments"][0]["id"]
    scene.update(taskDefinition=scene.define(CRASH, healthCheck=CHECK))
    until(lambda: any("deployment failed" in event["message"] for event in scene.described()["events"]), what="failure")
    scene.steady()

    [deployment] = scene.described()["deployments"]
    assert (deployment["id"], deployment["rolloutState"]) == (before, "COMPLETED")
    assert scene.running(1) == [old]


@pytest.mark.requirement("6.3")
def test_every_minute_has_its_metrics(scene: Scene) -> None:
    """Utilisation of the process in AWS/ECS, counts in ECS/ContainerInsights."""
    busy = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.01); sum(range(1000))"
    scene.serve(scene.define(busy), desired=2)
    service = [{"Name": "ClusterName", "Value": scene.cluster}, {"Name": "ServiceName", "Value": scene.service}]

    def average(namespace: str, name: str) -> float | None:
        now = datetime.fromtimestamp(scene.clock.now(), UTC)
        found = scene.emulator.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=service,  # type: ignore[arg-type]
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Average"],
        )["Datapoints"]
        return max(found, key=lambda point: point["Timestamp"])["Average"] if found else None

    until(lambda: average("ECS/ContainerInsights", "RunningTaskCount") == 2, what="a minute with two tasks")
    assert average("ECS/ContainerInsights", "DesiredTaskCount") == 2
    assert 0 < (average("AWS/ECS", "CPUUtilization") or 0) < 200
    assert 0 < (average("AWS/ECS", "MemoryUtilization") or 0) < 100
