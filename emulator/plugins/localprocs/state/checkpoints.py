"""What all services held at one moment, put back in milliseconds, as often as wanted.

``POST /_emulator/checkpoints`` notes it and answers ``{"id": n}``; ``POST …/n`` puts it back; ``DELETE …/n`` forgets it.
ECS's tasks live on as they are; services get the count of tasks back that they were to have. Time does not go back: what
queues hold back has as long to go as it had.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field

from localstack.aws.connect import connect_to
from localstack.http import Response
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.stores import AccountRegionBundle

from localprocs.ecs.plugin import services
from localprocs.state import held, messages, objects
from localprocs.state.snapshot import Snapshot


@dataclass
class Checkpoint:
    """What was, and when."""

    snapshot: Snapshot
    counts: dict[str, int]
    """How many tasks each service of ECS was to have, by ARN."""
    taken: float = field(default_factory=time.time)

    def restore(self) -> None:
        """Put it back."""
        for name, container in held.containers().items():
            if name not in self.snapshot.names:  # a service that was used only later
                container.reset() if isinstance(container, AccountRegionBundle) else container.clear()
        self.snapshot.restore()
        if SERVICE_PLUGINS.is_running("s3"):
            objects.make_folders()
        now = time.time()
        messages.shift(self.snapshot.objects, now - self.taken)
        for service in services():
            wanted = self.counts.get(service.arn, service.desired)
            if wanted != service.desired:
                ecs = connect_to(aws_access_key_id=service.place.account, region_name=service.place.region).ecs
                ecs.update_service(cluster=service.cluster.name, service=service.name, desiredCount=wanted)


class Checkpoints:
    """All that have been made."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[int, Checkpoint] = {}
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()

    def make(self) -> Response:
        """Note all."""
        with self._turn:
            number = next(self._numbers)
            self._known[number] = Checkpoint(
                Snapshot(held.containers()), {service.arn: service.desired for service in services()}
            )
        return Response.for_json({"id": number})

    def serve(self, method: str, number: int) -> Response:
        """Put back, or forget."""
        with self._turn:
            known = self._known.get(number)
            if known is None:
                return Response.for_json({"error": f"there is no checkpoint {number}"}, status=404)
            if method == "DELETE":
                del self._known[number]
            else:
                known.restore()
        return Response.for_json({})
