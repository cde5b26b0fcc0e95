"""What happened around an incident's jobs, made to happen again by the harness's own faults."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.harness.faults import Faults
from emulator.harness.run_file import Run
from huntaze_scraper.operations.incident.bundle import Happening, Verb

LIKELY_MOMENT = (0.0, 1.0)
"""Real seconds within which a death comes, when a race is looked for with further seeds."""


class Script:
    """Plays happenings in a running harness."""

    def __init__(self, run: Run, seed: int) -> None:
        """Play nothing yet; the first seed keeps to the recorded moments, others come at random ones soon after."""
        self.faults = Faults(run, seed)
        self._run = run
        self._delay = (0.0, 0.0) if seed == 1 else LIKELY_MOMENT
        self.has_scaled = False
        self._ways: Mapping[Verb, Callable[[Mapping[str, Any]], object]] = {
            Verb.INTERRUPT_SPOT: lambda it: self.faults.interrupt_spot(float(it.get("share", 1.0))),
            Verb.KILL_SCRAPER: lambda _: self.faults.kill_scraper(self._delay),
            Verb.KILL_BROWSER: lambda _: self.faults.kill_browser(self._delay),
            Verb.KILL_LIMITER: lambda _: self.faults.kill_limiter(self._delay),
            Verb.STOP_TASK: lambda _: self._stop_task(),
            Verb.OUTAGE: self._outage,
            Verb.DEPLOY: lambda _: self._update_service(forceNewDeployment=True),
            Verb.SCALE: self._scale,
        }

    def play(self, happening: Happening) -> None:
        """Make it happen. Raises HarnessError where it cannot."""
        self._ways[happening.verb](happening.arguments)

    def end(self) -> None:
        """Let every service work again, and the service have its one task."""
        self.faults.end_outages()
        if self.has_scaled:
            self._update_service(desiredCount=1)

    def _outage(self, arguments: Mapping[str, Any]) -> None:
        service, kind = str(arguments["service"]), str(arguments.get("kind", "error"))
        self.faults.outage(service, kind, float(arguments["seconds"]))

    def _stop_task(self) -> None:
        ecs, cluster = self._run.clients.ecs, self._run.ecs_cluster
        running = sorted(ecs.list_tasks(cluster=cluster, serviceName=self._run.ecs_service)["taskArns"])
        if running:
            ecs.stop_task(cluster=cluster, task=self.faults.random.choice(running))

    def _scale(self, arguments: Mapping[str, Any]) -> None:
        self.has_scaled = True
        self._update_service(desiredCount=int(arguments["desired"]))

    def _update_service(self, **change: Any) -> None:
        self._run.clients.ecs.update_service(cluster=self._run.ecs_cluster, service=self._run.ecs_service, **change)
