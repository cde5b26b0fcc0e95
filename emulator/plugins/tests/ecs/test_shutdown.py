"""The end of every task when the emulator ends."""

from localprocs.ecs import real_wait
from localprocs.ecs.shutdown import stop_all


def test_every_task_is_asked_and_then_made_to_end(world):
    """One that does not heed SIGTERM is killed when the grace is over; nothing is started any more."""
    world.serve(world.define("stubborn", stopTimeout=120), desired=2)
    tasks = world.running(2)
    processes = [world.process(task) for task in tasks]

    stop_all([world.fleet], grace_seconds=0.1)

    assert [process.signals[:2] for process in processes] == [["SIGTERM", "SIGKILL"]] * 2
    assert all(task.last_status == "STOPPED" for task in tasks)
    assert world.tasks() == []


def test_a_wait_by_the_machine_s_clock_ends_in_time():
    """When what it waits for is so, and when it is not."""
    assert real_wait.until(lambda: True, 10.0)
    assert not real_wait.until(lambda: False, 0.05)
