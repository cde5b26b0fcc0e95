"""Rolling deployments and their circuit breaker."""

import pytest

CHECKED = {"healthCheck": {"command": ["CMD", "true"], "interval": 3600}}


def heal(world):
    """Let every task that runs pass its health check."""
    for task in world.tasks():
        if task.is_running and task.health == "UNKNOWN":
            world.judge(task, "HEALTHY")


def started(world, desired, **request):
    """A service of healthy tasks, in a steady state."""
    world.serve(world.define(**CHECKED), desired, **request)
    world.running(desired)
    heal(world)
    world.steady()


def of(world, definition):
    """The wanted tasks of a revision."""
    return [task for task in world.tasks() if task.definition.arn == definition]


def test_new_tasks_come_beside_the_old_ones_and_take_their_place(world):
    """Between 100 and 200 percent: the old one goes when the new one is healthy."""
    started(world, 1)
    [old] = world.tasks()
    newer = world.define("newer", **CHECKED)
    world.update(taskDefinition=newer)
    world.until(lambda: [task.is_running for task in of(world, newer)] == [True])
    states = [(each["status"], each["rolloutState"]) for each in world.service["deployments"]]
    assert states == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    assert old.is_wanted
    heal(world)
    world.until(lambda: old.last_status == "STOPPED")
    world.steady()

    [deployment] = world.service["deployments"]
    assert (deployment["taskDefinition"], deployment["rolloutState"]) == (newer, "COMPLETED")
    assert old.stopped_reason == f"Scaling activity initiated by deployment {deployment['id']}"


def test_without_a_health_check_a_task_counts_after_forty_seconds(world):
    """As the scheduler of ECS waits."""
    world.serve()
    [old] = world.running(1)
    world.steady()
    world.update(forceNewDeployment=True)
    world.until(lambda: len(world.tasks()) == 2 and all(task.is_running for task in world.tasks()))
    world.pass_time(39)
    assert old.is_wanted
    world.pass_time(1)
    world.until(lambda: not old.is_wanted)

    world.steady()


def test_between_0_and_100_percent_the_old_one_goes_first(world):
    """There is never more than one."""
    started(world, 1, deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    [old] = world.tasks()
    newer = world.define("newer", **CHECKED)
    world.update(taskDefinition=newer)
    world.until(lambda: not old.is_wanted and [task.is_running for task in of(world, newer)] == [True])
    heal(world)
    world.steady()

    assert len(world.service["deployments"]) == 1


def test_the_same_task_definition_is_no_new_deployment_unless_forced(world):
    """Nor is another desired count."""
    started(world, 1)
    [task] = world.tasks()
    before = world.service["deployments"][0]["id"]
    world.update(taskDefinition=task.definition.arn, desiredCount=1)

    assert world.service["deployments"][0]["id"] == before
    world.update(forceNewDeployment=True)
    assert world.service["deployments"][0]["id"] != before


def test_an_old_task_that_is_lost_meanwhile_is_replaced_by_its_own_kind(world):
    """Availability comes before progress (ECS since November 2025)."""
    started(world, 1)
    [old] = world.tasks()
    newer = world.define("newer", **CHECKED)
    world.update(taskDefinition=newer)
    world.until(lambda: [task.is_running for task in of(world, newer)] == [True])
    world.process(old).finish(1)

    world.until(lambda: [task.is_running for task in of(world, old.definition.arn)] == [True])


@pytest.mark.parametrize("command", ["fail", "crash"])
def test_three_failures_in_a_row_roll_back(world, command):
    """The old tasks are never touched; the events and the states tell it."""
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    started(world, 1, deploymentConfiguration=breaker)
    [old] = world.tasks()
    broken = world.define(command, **CHECKED)
    before = world.service["deployments"][0]["id"]
    world.update(taskDefinition=broken)
    for number in (1, 2):
        world.count_ended(number)
        world.pass_time(30)
    world.until(lambda: len(world.service["deployments"]) == 1)
    world.steady()

    [deployment] = world.service["deployments"]
    assert (deployment["id"], deployment["rolloutState"]) == (before, "COMPLETED")
    assert world.tasks() == [old]
    assert any(message.endswith("deployment failed: tasks failed to start.") for message in world.messages)
    assert any(message.startswith("rolling back to deployment") for message in world.messages)
    names = [event["Detail"].get("eventName") for event in world.cloud.events]
    assert "SERVICE_DEPLOYMENT_FAILED" in names


def test_without_rollback_a_failed_deployment_starts_nothing_more(world):
    """It stays FAILED, and the old tasks run on."""
    started(world, 1, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    [old] = world.tasks()
    world.update(taskDefinition=world.define("crash", **CHECKED))
    for number in (1, 2):
        world.count_ended(number)
        world.pass_time(30)
    world.until(lambda: world.service["deployments"][0]["rolloutState"] == "FAILED")
    world.pass_time(3000)

    assert world.service["deployments"][0]["rolloutStateReason"] == (
        "ECS deployment circuit breaker: tasks failed to start."
    )
    assert len(world.tasks("STOPPED")) <= 3
    assert world.tasks() == [old]


def test_tasks_that_never_become_healthy_count_as_failed(world):
    """UNHEALTHY before the first HEALTHY."""
    started(world, 1, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}})
    [old] = world.tasks()
    newer = world.define("newer", **CHECKED)
    world.update(taskDefinition=newer)
    for _ in range(3):
        task = world.until(
            lambda: next((each for each in of(world, newer) if each.health == "UNKNOWN" and each.is_running), None)
        )
        world.judge(task, "UNHEALTHY")
    world.until(lambda: not of(world, newer))
    world.steady()

    assert world.tasks() == [old]


def test_a_sick_task_that_then_ends_by_itself_counts_once(world):
    """Two such tasks are two failures, not four: the deployment goes on with the third."""
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    world.serve(world.define(**CHECKED), 1, deploymentConfiguration=breaker)
    for _ in range(2):
        task = world.until(
            lambda: next((each for each in world.tasks() if each.health == "UNKNOWN" and each.is_running), None)
        )
        world.judge(task, "UNHEALTHY")
        world.process(task).finish(1)
        world.ended(task)
        world.pass_time(30)
    world.running(1)
    heal(world)
    world.steady()

    assert world.service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_deployment_can_overtake_another(world):
    """The one that was overtaken goes out with the oldest."""
    started(world, 1)
    second, third = world.define("second", **CHECKED), world.define("third", **CHECKED)
    world.update(taskDefinition=second)
    world.update(taskDefinition=third)
    world.until(lambda: any(task.is_running for task in of(world, third)))
    heal(world)
    world.until(lambda: len(world.tasks()) == 1)
    world.steady()

    assert world.service["taskDefinition"] == third
    assert len(world.service["deployments"]) == 1
