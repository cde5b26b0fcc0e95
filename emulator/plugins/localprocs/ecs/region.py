"""What an account has in a region."""

from dataclasses import dataclass, field

from localprocs.ecs.model import Cluster, Place, Task, TaskDefinition
from localprocs.ecs.service import Service


@dataclass
class Region:
    """What an account has in a region."""

    place: Place
    clusters: dict[str, Cluster] = field(default_factory=dict)
    definitions: dict[str, list[TaskDefinition]] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)

    def services_of(self, cluster: Cluster) -> list[Service]:
        """Return the cluster's services."""
        return [service for service in self.services.values() if service.cluster is cluster]

    def tasks_of(self, cluster: Cluster) -> list[Task]:
        """Return the cluster's tasks, stopped ones too, oldest first."""
        return [task for task in self.tasks.values() if task.cluster is cluster]

    def tasks_of_service(self, service: Service) -> list[Task]:
        """Return the service's tasks, stopped ones too, oldest first."""
        return [
            task
            for task in self.tasks.values()
            if task.deployment_id and task.group == service.group and task.cluster is service.cluster
        ]
