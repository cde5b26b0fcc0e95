"""How the things of ECS are told: as its API describes them, and as its events do."""

from localprocs.ecs.telling.clusters import of_cluster, of_definition
from localprocs.ecs.telling.services import of_service
from localprocs.ecs.telling.tasks import of_task
from localprocs.ecs.telling.values import as_event, moment, without_none

__all__ = ["as_event", "moment", "of_cluster", "of_definition", "of_service", "of_task", "without_none"]
