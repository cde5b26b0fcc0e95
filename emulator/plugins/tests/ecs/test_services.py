"""A service keeps its tasks."""

import pytest
from localstack.aws.api import CommonServiceException

CHECKED = {"healthCheck": {"command": ["CMD", "true"], "interval": 3600}}


def test_a_service_starts_its_tasks_and_says_so(world):
    """Two tasks, a steady state, one completed deployment."""
    world.serve(desired=2)
    world.running(2)
    world.steady()

    service = world.service
    assert (service["desiredCount"], service["runningCount"], service["pendingCount"]) == (2, 2, 0)
    assert [(each["status"], each["rolloutState"]) for each in service["deployments"]] == [("PRIMARY", "COMPLETED")]
    assert world.messages[0].startswith("has started 2 tasks: (task ")
    assert world.messages[-1] == "has reached a steady state."


def test_tasks_carry_their_service(world):
    """Group, startedBy, provider; found by the service's name."""
    world.serve(desired=2)
    tasks = world.running(2)

    deployment = world.service["deployments"][0]["id"]
    assert {(task.group, task.started_by) for task in tasks} == {("service:s", deployment)}
    assert [task.capacity_provider for task in tasks] == ["FARGATE", "FARGATE_SPOT"]
    assert world("ListTasks", cluster="c", serviceName="s")["taskArns"] == [task.arn for task in tasks]


def test_a_task_that_exits_is_replaced_at_once_and_then_ever_more_slowly(world):
    """The first replacement without a wait, the second after a second, the third after two."""
    world.serve()
    for wait in (0, 1, 2, 4):
        [task] = world.running(1)
        world.process(task).finish(1)
        world.ended(task)
        if wait:
            assert not world.tasks()
            world.pass_time(wait - 0.5)
            assert not world.tasks()
            world.pass_time(0.5)
        world.running(1)

    assert (task.stop_code, task.containers[0].exit_code) == ("EssentialContainerExited", 1)


def test_a_long_life_is_forgotten_failures(world):
    """A task that ran for a minute is replaced at once again."""
    world.serve()
    for _ in range(3):
        [task] = world.running(1)
        world.pass_time(61)
        world.process(task).finish(1)
        world.ended(task)

    world.running(1)


def test_tasks_that_cannot_start_are_throttled(world):
    """10, 20, 40 s between, and the event of AWS; a new task definition starts afresh."""
    world.serve(world.define("fail"))
    for number, wait in enumerate((10, 20, 40), start=1):
        world.count_ended(number)
        assert not world.tasks()
        world.pass_time(wait)
    world.until(lambda: len(world.tasks("STOPPED")) == 4)

    assert any(message.startswith("is unable to consistently start tasks successfully") for message in world.messages)
    task = world.tasks("STOPPED")[0]
    assert (task.stop_code, task.stopped_reason) == ("TaskFailedToStart", "CannotStartContainerError: told to")
    world.update(taskDefinition=world.define("run"))
    world.running(1)


@pytest.mark.requirement("3.2")
def test_scaling_out_and_in_follows_the_strategy(world):
    """Ten tasks and back to one: the base stays on FARGATE."""
    world.serve(desired=1)
    world.running(1)
    world.update(desiredCount=10)
    assert sorted(task.capacity_provider for task in world.running(10)) == ["FARGATE"] * 2 + ["FARGATE_SPOT"] * 8
    world.update(desiredCount=1)
    [left] = world.running(1)

    assert left.capacity_provider == "FARGATE"
    stopped = world.tasks("STOPPED")
    world.until(lambda: len(world.tasks("STOPPED")) == 9)
    assert {task.stop_code for task in stopped or world.tasks("STOPPED")} == {"ServiceSchedulerInitiated"}


def test_a_stopped_task_is_replaced(world):
    """StopTask by a user, with the reason given."""
    world.serve()
    [task] = world.running(1)
    world("StopTask", cluster="c", task=task.id, reason="because")
    world.until(lambda: task.last_status == "STOPPED")
    [other] = world.running(1)

    told = world("DescribeTasks", cluster="c", tasks=[task.arn])["tasks"][0]
    assert (told["stopCode"], told["stoppedReason"], told["desiredStatus"]) == ("UserInitiated", "because", "STOPPED")
    assert other is not task


def test_a_stopped_task_is_told_for_an_hour(world):
    """Then it is missing."""
    world.serve()
    [task] = world.running(1)
    world("StopTask", cluster="c", task=task.arn)
    world.until(lambda: task.last_status == "STOPPED")

    world.pass_time(3599)
    assert world("DescribeTasks", cluster="c", tasks=[task.arn])["tasks"]
    world.pass_time(1)
    world.until(lambda: not world("DescribeTasks", cluster="c", tasks=[task.arn])["tasks"])
    assert world("DescribeTasks", cluster="c", tasks=[task.arn])["failures"] == [{"arn": task.arn, "reason": "MISSING"}]


def test_a_sick_task_is_replaced_and_then_stopped(world):
    """The replacement comes first where the maximum allows it."""
    world.serve(world.define(**CHECKED))
    [sick] = world.running(1)
    world.judge(sick, "HEALTHY")
    world.steady()
    world.judge(sick, "UNHEALTHY")
    world.until(lambda: len(world.tasks()) == 2)
    fresh = next(task for task in world.tasks() if task is not sick)
    world.until(lambda: fresh.is_running)
    assert sick.is_wanted
    world.judge(fresh, "HEALTHY")
    world.until(lambda: sick.last_status == "STOPPED")

    assert (sick.stop_code, sick.stopped_reason) == ("ServiceSchedulerInitiated", "Task failed container health checks")
    assert f"(task {sick.id}) failed container health checks." in world.messages


def test_health_that_is_not_told_yet_is_no_steady_state(world):
    """A task with a health check counts when it is HEALTHY."""
    world.serve(world.define(**CHECKED))
    [task] = world.running(1)
    assert world.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    world.judge(task, "HEALTHY")

    world.steady()


def test_a_deleted_service_drains_and_is_inactive(world):
    """With force where it is not scaled to zero."""
    world.serve(world.define("stubborn"), desired=2)
    tasks = world.running(2)
    with pytest.raises(CommonServiceException, match="scaled above 0"):
        world("DeleteService", cluster="c", service="s")
    assert world("DeleteService", cluster="c", service="s", force=True)["service"]["status"] == "DRAINING"
    world.until(lambda: world.service["status"] == "INACTIVE")

    assert all(task.last_status == "STOPPED" for task in tasks)
    assert world("ListServices", cluster="c")["serviceArns"] == []
    world.serve()
    world.running(1)


def test_a_cluster_with_tasks_cannot_be_deleted(world):
    """Services first, then tasks."""
    world.serve()
    world.running(1)
    with pytest.raises(CommonServiceException) as refusal:
        world("DeleteCluster", cluster="c")
    assert refusal.value.code == "ClusterContainsServicesException"
    world("DeleteService", cluster="c", service="s", force=True)
    world.until(lambda: world.service["status"] == "INACTIVE")

    assert world("DeleteCluster", cluster="c")["cluster"]["status"] == "INACTIVE"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"cluster": "nope"}, "ClusterNotFoundException"),
        ({"taskDefinition": "nope"}, "ClientException"),
        ({"desiredCount": -1}, "InvalidParameterException"),
        ({"launchType": "EC2"}, "InvalidParameterException"),
        (
            {"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
        ),
        ({"capacityProviderStrategy": [{"capacityProvider": "OTHER", "weight": 1}]}, "InvalidParameterException"),
        ({"schedulingStrategy": "DAEMON"}, "ClientException"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "ClientException"),
        (
            {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}},
            "InvalidParameterException",
        ),
    ],
)
def test_what_ecs_would_refuse_is_refused(world, request_, code):
    """In ECS's words, before anything is made."""
    request = {"cluster": "c", "serviceName": "s", "taskDefinition": world.define(), **request_}
    with pytest.raises(CommonServiceException) as refusal:
        world("CreateService", **request)

    assert refusal.value.code == code
    assert not world.tasks()
