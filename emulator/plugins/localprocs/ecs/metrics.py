"""The metrics of services and clusters, each minute: AWS/ECS, and ECS/ContainerInsights where the cluster wants it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from localprocs import real_time
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import Cluster, Dimensions, Sample, Task, pending, running
from localprocs.ecs.region import Region
from localprocs.ecs.service import Service
from localprocs.ecs.task_run import TaskRun

MINUTE = 60
MOST_MINUTES = 24 * 60
"""After a jump of the clock the minutes between are told too, as far back as an alarm can look."""
UTILIZATION = "AWS/ECS"
INSIGHTS = "ECS/ContainerInsights"
MEBIBYTE = 1024**2
CPU_UNITS = 1024


@dataclass(frozen=True)
class Load:
    """What a running task has used: CPU units and MiB, against what it reserves."""

    task: Task
    cpu: float
    memory: float

    @property
    def cpu_percent(self) -> float:
        """CPU used of the task's size."""
        return 100 * self.cpu / self.task.size("cpu")

    @property
    def memory_percent(self) -> float:
        """Memory used of the task's size."""
        return 100 * self.memory / self.task.size("memory")


class Meter:
    """Measures tasks between two looks at them."""

    def __init__(self) -> None:
        """Begin."""
        self._before: dict[str, tuple[float, float]] = {}

    def measure(self, runs: Sequence[TaskRun]) -> list[Load]:
        """Return the load of each task that runs, since the last look or its start."""
        found = [(run, *_used(run)) for run in runs if run.task.is_running]
        now = real_time.elapsed_with_rest()
        loads = [Load(run.task, self._rate(run, cpu, now) * CPU_UNITS, memory / MEBIBYTE) for run, cpu, memory in found]
        self._before = {run.task.arn: (cpu, now) for run, cpu, _ in found}
        return loads

    def _rate(self, run: TaskRun, cpu: float, now: float) -> float:
        """Return CPU seconds per second of work and of rest: work gets no faster with the clock, rest is leapt over."""
        cpu_before, before = self._before.get(run.task.arn, (0.0, run.begun))
        return max(0.0, cpu - cpu_before) / (now - before) if now > before else 0.0


class Publisher:
    """Publishes each minute's metrics."""

    def __init__(self, fleet: Fleet) -> None:
        """Publish a fleet's."""
        self._fleet = fleet
        self._meter = Meter()

    def publish(self, minute: int, last: int) -> None:
        """Publish the metrics of every minute since the last one told, up to the one that ends at ``minute``."""
        loads = self._meter.measure(self._fleet.runs())
        begins = range(max(last, minute - MOST_MINUTES * MINUTE), minute, MINUTE)
        with self._fleet.lock:
            told = [(region.place, list(samples(region, loads))) for region in self._fleet.regions()]
        for place, found in told:
            self._fleet.cloud.put_metrics(place, begins, found)


def samples(region: Region, loads: Sequence[Load]) -> Iterator[Sample]:
    """Tell a region's metrics."""
    for cluster in region.clusters.values():
        if cluster.status != "ACTIVE":
            continue
        services = [each for each in region.services_of(cluster) if each.status == "ACTIVE"]
        of_cluster = [load for load in loads if load.task.cluster is cluster]
        for service in services:
            own = [load for load in of_cluster if load.task.service_name == service.name]
            yield from utilization(service, own)
            if cluster.has_insights:
                yield from service_insights(service, region.tasks_of_service(service), own)
        if cluster.has_insights:
            yield from cluster_insights(cluster, len(services), region.tasks_of(cluster), of_cluster)


def utilization(service: Service, loads: Iterable[Load]) -> Iterator[Sample]:
    """Tell how much of their size a service's tasks use: a sample a task, so that the average is the service's."""
    dimensions = (("ClusterName", service.cluster.name), ("ServiceName", service.name))
    for load in loads:
        yield Sample(UTILIZATION, "CPUUtilization", dimensions, load.cpu_percent, "Percent")
        yield Sample(UTILIZATION, "MemoryUtilization", dimensions, load.memory_percent, "Percent")


def service_insights(service: Service, tasks: Sequence[Task], loads: Sequence[Load]) -> Iterator[Sample]:
    """Tell a service's counts and use."""
    dimensions = (("ClusterName", service.cluster.name), ("ServiceName", service.name))
    counts = {
        "DesiredTaskCount": service.desired,
        "RunningTaskCount": running(tasks),
        "PendingTaskCount": pending(tasks),
        "DeploymentCount": len(service.deployments),
        "TaskSetCount": 0,
    }
    for name, value in counts.items():
        yield Sample(INSIGHTS, name, dimensions, value)
    yield from _use(dimensions, loads)


def cluster_insights(cluster: Cluster, services: int, tasks: Sequence[Task], loads: Sequence[Load]) -> Iterator[Sample]:
    """Tell a cluster's counts and use, and the use of each task definition family."""
    dimensions = (("ClusterName", cluster.name),)
    counts = {"TaskCount": running(tasks), "ServiceCount": services, "ContainerInstanceCount": 0}
    for name, value in counts.items():
        yield Sample(INSIGHTS, name, dimensions, value)
    yield from _use(dimensions, loads)
    for family in sorted({load.task.definition.family for load in loads}):
        own = [load for load in loads if load.task.definition.family == family]
        yield from _use((*dimensions, ("TaskDefinitionFamily", family)), own)


def _use(dimensions: Dimensions, loads: Sequence[Load]) -> Iterator[Sample]:
    if not loads:
        return
    yield Sample(INSIGHTS, "CpuUtilized", dimensions, sum(load.cpu for load in loads), "None")
    yield Sample(INSIGHTS, "CpuReserved", dimensions, sum(load.task.size("cpu") for load in loads), "None")
    yield Sample(INSIGHTS, "MemoryUtilized", dimensions, sum(load.memory for load in loads), "Megabytes")
    yield Sample(INSIGHTS, "MemoryReserved", dimensions, sum(load.task.size("memory") for load in loads), "Megabytes")


def _used(run: TaskRun) -> tuple[float, int]:
    used = [running.usage() for each in run.task.containers if (running := run.running(each))]
    return sum(each.cpu_seconds for each in used), sum(each.memory_bytes for each in used)
