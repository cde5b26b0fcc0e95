"""Tasks: how they start, end, and are told."""

import pytest
from localstack.aws.api import CommonServiceException


def run(world, definition=None, **request):
    """Run tasks by themselves."""
    made = world("RunTask", cluster="c", taskDefinition=definition or world.define(), **request)["tasks"]
    arns = {each["taskArn"] for each in made}
    return [task for task in world.all_tasks() if task.arn in arns]


def stopped(world, task):
    """Wait for a task's end and describe it."""
    world.until(lambda: task.last_status == "STOPPED")
    return world("DescribeTasks", cluster="c", tasks=[task.arn])["tasks"][0]


def test_a_task_goes_through_its_states_and_each_is_an_event(world):
    """From PROVISIONING to STOPPED, with a version that grows."""
    [task] = run(world)
    world.until(lambda: task.is_running)
    world.process(task).finish(0)
    told = stopped(world, task)

    own = [event["Detail"] for event in world.cloud.events if event["DetailType"] == "ECS Task State Change"]
    states = list(dict.fromkeys(detail["lastStatus"] for detail in own))
    assert states == ["PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]
    versions = [detail["version"] for detail in own]
    assert versions == sorted(versions)
    assert told["containers"][0]["exitCode"] == 0
    assert told["createdAt"] <= told["pullStartedAt"] <= told["startedAt"] <= told["stoppingAt"] <= told["stoppedAt"]


def test_a_task_that_runs_by_itself_tells_who_started_it(world):
    """Group by family, startedBy and tags as given, and the same token runs nothing twice."""
    [task] = run(world, startedBy="me", clientToken="t", tags=[{"key": "k", "value": "v"}])
    again = run(world, startedBy="me", clientToken="t")

    assert again == [task]
    assert (task.group, task.started_by, task.deployment_id) == ("family:f", "me", None)
    assert world("ListTasks", cluster="c", startedBy="me")["taskArns"] == [task.arn]


def test_several_tasks_follow_the_strategy(world):
    """Six at once: two on demand, four on Spot."""
    tasks = run(world, count=6)

    assert sorted(task.capacity_provider for task in tasks) == ["FARGATE"] * 2 + ["FARGATE_SPOT"] * 4


def test_sigterm_comes_first_and_sigkill_when_the_stop_timeout_is_over(world):
    """A container that does not heed the first ends with 137."""
    [task] = run(world, world.define("stubborn", stopTimeout=0))
    world.until(lambda: task.is_running)
    world("StopTask", cluster="c", task=task.arn)

    assert stopped(world, task)["containers"][0]["exitCode"] == 137
    assert world.process(task).signals[:2] == ["SIGTERM", "SIGKILL"]


def test_a_missing_secret_keeps_a_task_from_starting(world):
    """ResourceInitializationError, and no process."""
    [task] = run(world, world.define(secrets=[{"name": "A", "valueFrom": "gone"}]))
    told = stopped(world, task)

    assert told["stopCode"] == "TaskFailedToStart"
    assert told["stoppedReason"] == "ResourceInitializationError: gone"
    assert "startedAt" not in told
    assert not world.runner.containers


def test_secrets_and_overrides_reach_the_process(world):
    """The override's environment and command."""
    world.cloud.secrets["s"] = "hush"
    definition = world.define(secrets=[{"name": "A", "valueFrom": "s"}])
    overrides = {
        "containerOverrides": [{"name": "main", "command": ["other"], "environment": [{"name": "B", "value": "b"}]}]
    }
    [task] = run(world, definition, overrides=overrides)
    world.until(lambda: task.is_running)

    launch = world.process(task).launch
    assert launch.arguments == ["other"]
    assert (launch.environment["A"], launch.environment["B"]) == ("hush", "b")
    assert "hush" not in str(world.cloud.events)


def test_output_goes_to_the_stream_before_the_task_is_stopped(world):
    """Nothing is lost at the end."""
    options = {"awslogs-group": "g", "awslogs-stream-prefix": "p"}
    [task] = run(world, world.define(logConfiguration={"logDriver": "awslogs", "options": options}))
    world.until(lambda: task.is_running)
    world.process(task).finish(0)
    stopped(world, task)

    assert [event["message"] for event in world.cloud.logs[f"p/main/{task.id}"]] == ["started"]


def several(world, *containers):
    """Register a revision of several containers."""
    made = world(
        "RegisterTaskDefinition",
        family="many",
        containerDefinitions=[{"image": "i", "stopTimeout": 0, **each} for each in containers],
    )
    return made["taskDefinition"]["taskDefinitionArn"]


def test_a_container_waits_for_those_that_it_depends_on(world):
    """SUCCESS of an initialiser, which is not essential."""
    needs = [{"containerName": "init", "condition": "SUCCESS"}]
    [task] = run(world, several(world, {"name": "init", "essential": False}, {"name": "app", "dependsOn": needs}))
    init, app = task.containers
    world.until(lambda: init.last_status == "RUNNING")
    assert app.last_status == "PENDING"
    world.runner.containers[init.runtime_id].finish(0)
    world.until(lambda: task.is_running)

    assert (init.last_status, app.last_status) == ("STOPPED", "RUNNING")


def test_a_dependency_that_failed_ends_the_task(world):
    """It can never start."""
    needs = [{"containerName": "init", "condition": "SUCCESS"}]
    [task] = run(world, several(world, {"name": "init", "essential": False}, {"name": "app", "dependsOn": needs}))
    world.until(lambda: task.containers[0].last_status == "RUNNING")
    world.runner.containers[task.containers[0].runtime_id].finish(1)

    assert stopped(world, task)["stopCode"] == "TaskFailedToStart"


def test_an_essential_container_s_end_ends_the_task_and_another_s_does_not(world):
    """The rest are stopped."""
    [task] = run(world, several(world, {"name": "main"}, {"name": "side", "essential": False}))
    world.until(lambda: task.is_running)
    main, side = (world.runner.containers[each.runtime_id] for each in task.containers)
    side.finish(0)
    world.until(lambda: task.containers[1].last_status == "STOPPED")
    assert task.is_running
    main.finish(2)
    told = stopped(world, task)

    assert (told["stopCode"], told["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )


def test_a_port_that_is_taken_is_told_with_the_one_in_its_place(world):
    """NetworkBindings hold the port, and the process's PORT variable does."""
    definition = world.define(
        portMappings=[{"containerPort": 39117}], environment=[{"name": "HEALTH_PORT", "value": "39117"}]
    )
    tasks = run(world, definition, count=2)
    world.until(lambda: all(task.is_running for task in tasks))

    for task in tasks:
        [binding] = world("DescribeTasks", cluster="c", tasks=[task.arn])["tasks"][0]["containers"][0][
            "networkBindings"
        ]
        assert str(binding["hostPort"]) == world.process(task).launch.environment["HEALTH_PORT"]
    assert len({world.process(task).launch.environment["HEALTH_PORT"] for task in tasks}) == 2


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"taskDefinition": "nope"}, "ClientException"),
        ({"count": 11}, "InvalidParameterException"),
        ({"overrides": {"containerOverrides": [{"name": "nope"}]}}, "ClientException"),
        ({"cluster": "nope"}, "ClusterNotFoundException"),
    ],
)
def test_a_run_that_ecs_would_refuse_is_refused(world, request_, code):
    """Before anything starts."""
    with pytest.raises(CommonServiceException) as refusal:
        world("RunTask", **{"cluster": "c", "taskDefinition": world.define(), **request_})

    assert refusal.value.code == code


def test_an_inactive_revision_runs_nothing_new(world):
    """What runs goes on; the family's latest active one is another."""
    first, second = world.define(), world.define()
    world("DeregisterTaskDefinition", taskDefinition=second)

    assert world("DescribeTaskDefinition", taskDefinition="f")["taskDefinition"]["taskDefinitionArn"] == first
    with pytest.raises(CommonServiceException, match="inactive"):
        world("RunTask", cluster="c", taskDefinition=second)
    assert world("ListTaskDefinitions", familyPrefix="f")["taskDefinitionArns"] == [first]


def test_what_the_emulator_cannot_do_is_refused_at_registration(world):
    """Rather than left out in silence."""
    with pytest.raises(CommonServiceException, match="environmentFiles"):
        world.define(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/k"}])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cpu": "1000"}, "No Fargate configuration"),
        ({"memory": "1024"}, "No Fargate configuration"),
        ({"cpu": None}, "be defined at the task level"),
        ({"networkMode": "bridge"}, "awsvpc"),
        ({"family": "a b"}, "invalid characters"),
        ({"containerDefinitions": []}, "cannot be empty"),
        ({"containerDefinitions": [{"name": "a", "image": "i", "essential": False}]}, "essential"),
        ({"containerDefinitions": [{"name": "a", "image": "i", "stopTimeout": 121}]}, "stopTimeout"),
        ({"containerDefinitions": [{"name": "a", "image": "i", "healthCheck": {"command": ["true"]}}]}, "health check"),
    ],
)
@pytest.mark.requirement("6.2")
def test_a_definition_that_fargate_would_refuse_is_refused(world, changes, told):
    """Sizes, network mode, names, essential containers, time-outs."""
    sound = {
        "family": "f",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [{"name": "a", "image": "i"}],
    }
    world("RegisterTaskDefinition", **sound)
    with pytest.raises(CommonServiceException, match=told):
        world(
            "RegisterTaskDefinition", **{key: value for key, value in {**sound, **changes}.items() if value is not None}
        )


def test_a_command_is_not_executed_in_a_task(world):
    """There is no agent in it, as the error says."""
    [task] = run(world)
    with pytest.raises(CommonServiceException) as refusal:
        world("ExecuteCommand", cluster="c", task=task.arn, command="ls", interactive=True)

    assert refusal.value.code == "TargetNotConnectedException"


def test_a_dependency_that_takes_too_long_ends_the_task(world):
    """Its startTimeout is over."""
    needs = [{"containerName": "init", "condition": "SUCCESS"}]
    init = {"name": "init", "essential": False, "startTimeout": 0.05}
    [task] = run(world, several(world, init, {"name": "app", "dependsOn": needs}))
    told = stopped(world, task)

    assert told["stoppedReason"] == "Dependencies of container app were not met in time"
