"""What protects a task, and what does not."""

import pytest
from localprocs.ecs import interruptions
from localprocs.ecs.errors import InvalidInterruption
from localprocs.ecs.interruptions import Interruption, interrupt


def protect(world, *tasks, enabled=True, minutes=None):
    """Set the protection of tasks."""
    request = {"cluster": "c", "tasks": [task.arn for task in tasks], "protectionEnabled": enabled}
    return world("UpdateTaskProtection", **request, **({"expiresInMinutes": minutes} if minutes else {}))


def test_scale_in_leaves_protected_tasks_alone_until_it_is_over(world):
    """Two of three are protected for ten minutes."""
    world.serve(desired=3)
    tasks = world.running(3)
    protect(world, *tasks[1:], minutes=10)
    world.update(desiredCount=1)
    world.until(lambda: not tasks[0].is_wanted)
    assert all(task.is_wanted for task in tasks[1:])
    world.pass_time(600)

    world.running(1)


def test_protection_can_be_taken_back(world):
    """And scale-in goes on at once."""
    world.serve(desired=2)
    tasks = world.running(2)
    protect(world, *tasks)
    world.update(desiredCount=1)
    protect(world, *tasks, enabled=False)

    world.running(1)


def test_a_deployment_waits_for_a_protected_task(world):
    """It runs beside the new one."""
    world.serve()
    [old] = world.running(1)
    protect(world, old, minutes=5)
    world.update(forceNewDeployment=True)
    world.until(lambda: len([task for task in world.tasks() if task.is_running]) == 2)
    world.pass_time(41)
    assert old.is_wanted
    world.pass_time(300)

    world.until(lambda: not old.is_wanted)


def test_protection_is_told_with_its_end(world):
    """Two hours unless given."""
    world.serve()
    [task] = world.running(1)
    [told] = protect(world, task)["protectedTasks"]

    assert told["protectionEnabled"] is True
    assert told["expirationDate"].timestamp() == world.clock.seconds + 7200
    world.pass_time(7200)
    assert world("GetTaskProtection", cluster="c", tasks=[task.arn])["protectedTasks"] == [
        {"taskArn": task.arn, "protectionEnabled": False}
    ]


def test_only_a_service_s_task_can_be_protected(world):
    """TASK_NOT_VALID for one that runs by itself."""
    [made] = world("RunTask", cluster="c", taskDefinition=world.define())["tasks"]
    request = {"cluster": "c", "tasks": [made["taskArn"]], "protectionEnabled": True}

    assert [each["reason"] for each in world("UpdateTaskProtection", **request)["failures"]] == ["TASK_NOT_VALID"]


@pytest.mark.requirement("6.5")
def test_a_spot_task_is_interrupted_although_it_is_protected(world):
    """The event and SIGTERM at once; its service replaces it on Spot."""
    world.serve(desired=2)
    spot = next(task for task in world.running(2) if task.capacity_provider == "FARGATE_SPOT")
    protect(world, spot)

    assert interrupt(world.fleet, Interruption(task=spot.id)) == [spot.arn]
    world.until(lambda: spot.last_status == "STOPPED")
    world.running(2)
    assert world.process(spot).signals[0] == "SIGTERM"
    first = next(
        event["Detail"] for event in world.cloud.events if event["Detail"].get("stopCode") == "SpotInterruption"
    )
    assert (first["lastStatus"], first["desiredStatus"]) == ("RUNNING", "STOPPED")
    assert first["stoppedReason"] == "Your Spot Task was interrupted."


def test_the_same_seed_interrupts_the_same_tasks(world):
    """Of the Spot tasks by their age; on demand ones never."""
    world.serve(desired=10)
    world.running(10)
    spot = [task for task in world.tasks() if task.capacity_provider == "FARGATE_SPOT"]
    ordered = sorted(spot, key=lambda task: task.sequence)
    assert len({tuple(it.sequence for it in interruptions._share(ordered, 0.5, seed)) for seed in range(20)}) > 1
    first = interrupt(world.fleet, Interruption(share=0.5, seed=3))
    places = [index for index, task in enumerate(spot) if task.arn in first]
    world.running(10)
    other = type(world)()
    try:
        other.serve(desired=10)
        other.running(10)
        spot = [task for task in other.tasks() if task.capacity_provider == "FARGATE_SPOT"]
        again = interrupt(other.fleet, Interruption(share=0.5, seed=3))
        assert [index for index, task in enumerate(spot) if task.arn in again] == places
    finally:
        other.close()

    assert len(first) == 4


def test_a_task_that_is_not_on_spot_is_not_interrupted(world):
    """It says so."""
    world.serve()
    [task] = world.running(1)
    with pytest.raises(InvalidInterruption, match="runs on FARGATE_SPOT"):
        interrupt(world.fleet, Interruption(task=task.arn))

    assert interrupt(world.fleet, Interruption(share=1.0)) == []
    with pytest.raises(InvalidInterruption, match="no cluster other"):
        interrupt(world.fleet, Interruption(share=1.0, cluster="other"))
