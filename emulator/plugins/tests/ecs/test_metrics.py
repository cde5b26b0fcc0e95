"""The metrics of each minute."""

import pytest
from localprocs.ecs import metrics
from localprocs.ecs.metrics import Publisher

SERVICE = (("ClusterName", "c"), ("ServiceName", "s"))


def published(world, monkeypatch, busy):
    """Publish one minute in which each process was busy for so many of a hundred seconds of work and rest."""
    passed = iter((0.0, 100.0))
    monkeypatch.setattr(metrics.real_time, "elapsed_with_rest", lambda: next(passed))
    publisher = Publisher(world.fleet)
    publisher.publish(60, 0)
    for process in world.runner.containers.values():
        process.cpu_seconds += busy
    publisher.publish(120, 60)
    begins, samples = world.cloud.samples[-1]
    return begins, {(each.name, each.dimensions): each for each in samples}


@pytest.mark.requirement("6.4")
def test_cpu_is_told_against_the_size_of_the_task_in_real_time(world, monkeypatch):
    """A task of one vCPU that is busy half of the time is at 50 percent; 512 of 2048 MiB are 25."""
    world.serve(desired=2)
    world.running(2)
    begins, found = published(world, monkeypatch, busy=50.0)

    assert begins == [60]
    cpu, memory = found["CPUUtilization", SERVICE], found["MemoryUtilization", SERVICE]
    assert (cpu.namespace, cpu.value, cpu.unit) == ("AWS/ECS", pytest.approx(50.0), "Percent")
    assert memory.value == pytest.approx(25.0)


@pytest.mark.requirement("6.3")
def test_container_insights_counts_where_the_cluster_wants_it(world, monkeypatch):
    """Desired, running and pending tasks, CPU and memory of the service, the cluster and the family."""
    world("UpdateClusterSettings", cluster="c", settings=[{"name": "containerInsights", "value": "enabled"}])
    world.serve(desired=2)
    world.running(2)
    _, found = published(world, monkeypatch, busy=50.0)

    values = {name: each.value for (name, dimensions), each in found.items() if dimensions == SERVICE}
    assert (values["DesiredTaskCount"], values["RunningTaskCount"], values["PendingTaskCount"]) == (2, 2, 0)
    assert (values["CpuUtilized"], values["CpuReserved"]) == (pytest.approx(1024), 2048)
    assert (values["MemoryUtilized"], values["MemoryReserved"]) == (1024, 4096)
    assert found["TaskCount", (("ClusterName", "c"),)].value == 2
    assert found["CpuReserved", (("ClusterName", "c"), ("TaskDefinitionFamily", "f"))].value == 2048


def test_container_insights_is_silent_where_it_is_not_wanted(world, monkeypatch):
    """Only AWS/ECS is told."""
    world.serve()
    world.running(1)
    _, found = published(world, monkeypatch, busy=1.0)

    assert {each.namespace for each in found.values()} == {"AWS/ECS"}


def test_a_jump_of_the_clock_leaves_no_minute_out(world):
    """Each minute between is told, a day's at most."""
    publisher = Publisher(world.fleet)
    publisher.publish(60 * 60, 0)
    publisher.publish(10_000 * 60, 60 * 60)

    assert [len(begins) for begins, _ in world.cloud.samples] == [60, 1440]
