"""Whose pipeline is looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.harness import run_file
from emulator.harness.errors import HarnessError
from emulator.harness.run_file import Run
from huntaze_scraper import names
from huntaze_scraper.operations.target import Target, deployed, pipeline


@dataclass(frozen=True, kw_only=True)
class Place:
    """A pipeline: one deployed on AWS, or that of a running harness, which has more to see and can be changed."""

    target: Target
    cluster: str
    service: str
    run: Run | None = None

    @property
    def harness(self) -> Run:
        """The harness, where it is one's. Raises HarnessError on AWS."""
        if self.run is None:
            raise HarnessError("that is only to be seen over a harness")
        return self.run

    @property
    def queues(self) -> dict[str, str]:
        """Each queue's URL by its name on the page."""
        return {
            "ingress": self.target.ingress_queue_url,
            "workflows": self.target.workflows_queue_url,
            "ingress-dlq": self.target.ingress_dlq_url,
            "workflows-dlq": self.target.workflows_dlq_url,
        }


def target_of(run: Run) -> Target:
    """Return the pipeline of a harness that is up."""
    return pipeline(run.clients, lambda name: str(getattr(run, name)))


def of_harness(run: Run) -> Place:
    """Return the place of a harness that is up."""
    return Place(target=target_of(run), cluster=run.ecs_cluster, service=run.ecs_service, run=run)


def of_file(path: Path) -> Callable[[], Place]:
    """Return what finds the harness that run.json tells of, each time anew; raises HarnessError while none is up."""
    known: list[Place] = []

    def find() -> Place:
        run = run_file.read(path)
        if not known or known[0].run != run:
            known[:] = [of_harness(run)]  # its clients are kept: to make them takes longer than to ask
        return known[0]

    return find


def on_aws() -> Place:
    """Return the place where the default AWS credentials lead.

    Raises:
        TellOperator: a stack is not there, or AWS cannot be asked.
    """
    return Place(target=deployed(), cluster=names.CLUSTER, service=names.SERVICE)
