"""What people do meanwhile, by the shipped commands: dead letters sent back, an incident captured."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.config import Config

from huntaze_scraper import names
from huntaze_scraper.operations.clients import Clients
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import Selection
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.errors import SecretSeen
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.writing import contents
from huntaze_scraper.operations.replay import Replay
from huntaze_scraper.operations.target import Target
from tests.simulation.aws.client import Client, Session
from tests.simulation.ground import Ground
from tests.simulation.process import Process

LOOKS = (
    "batch_get_item", "query", "get_object", "filter_log_events", "describe_log_groups", "get_queue_attributes",
    "receive_message", "change_message_visibility", "change_message_visibility_batch", "describe_alarm_history",
    "get_metric_data", "get_function_configuration", "get_template", "describe_services", "list_tasks",
    "describe_scaling_activities",
)  # fmt: skip
"""What a capture may ask for: nothing of it changes anything, once letters are back."""


class Operators:
    """Each command is a process of its own, which may die as any other."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self._count = 0

    def replay(self) -> None:
        """Send back what lies in the workflows DLQ."""

        def replay(operator: Process) -> None:
            target = _target(Session(self._world))
            for outcome in Replay(target).run(DeadLetterQueue(target, "workflows"), Selection()):
                self._world.trace(operator.name, "replay", outcome.done, outcome.letter.creator, outcome.why)

        self._run(replay)

    def capture(self) -> None:
        """Capture all that was, or what was of one account, or of one job."""
        world = self._world
        asked = {"job": "", "creator": "", "alarm": "", "since": "", "until": ""}
        first = world.plan.jobs[0].payload
        which = world.random.choice(["since", "creator", "job"])
        asked[which] = {
            "since": "24h",
            "creator": str(first["creator_id"]),
            "job": str(first["metadata"]["correlation_id"]),
        }[which]

        began = world.loop.time()

        def look(operator: Process) -> None:
            target = _target(_OnlyLooks(world))
            try:
                bundle = capture(target, Question.read(target.now(), **asked))
            except SecretSeen as error:
                world.fail("an incident can be told", str(error))
                return
            self._judge(bundle, operator, began)
            world.trace(operator.name, "captured", which, "", ", ".join(it.what for it in bundle.manifest.missing))

        self._run(look)

    def _judge(self, bundle: Bundle, operator: Process, began: float) -> None:
        """Nothing of production is in a bundle, and each letter is where it was."""
        world, told = self._world, "\n".join(contents(bundle).values())
        accounts = {str(it.payload["creator_id"]) for it in world.plan.jobs}
        texts = {json.dumps(it.payload.get("message_content", " "))[1:-1] for it in world.plan.jobs}
        kept = [it for it in (*(f'"{name}"' for name in accounts), *texts - {" "}, *world.site.secrets) if it in told]
        if kept:
            world.fail("a bundle tells nobody", f"{len(kept)} names, texts or secrets are in it")
        hidden = [
            it
            for queue in (world.ingress_dlq, world.workflows_dlq)
            for it in queue.messages.values()
            if it.receiver == operator.name and it.visible_at > world.now()
        ]
        if hidden and world.is_calm_since(began):
            world.fail("a capture puts back what it looked at", f"{len(hidden)} letters are hidden")

    def _run(self, command: Callable[[Process], None]) -> None:
        self._count += 1
        operator = self._world.process(f"operator-{self._count}")

        def run() -> None:
            try:
                command(operator)
            except Exception as error:  # noqa: BLE001 an operator sees it, and may try again
                if not isinstance(error, TellOperator):
                    self._world.trace(operator.name, "gave up", type(error).__name__, "", "")
            operator.kill()

        self._world.loop.spawn(run, operator)


class _Looking(Client):
    """A client of somebody who must not change anything."""

    def _call(self, operation: str, given: Mapping[str, Any]) -> Any:
        if operation not in LOOKS:
            self._world.fail("a capture changes nothing", f"it calls {operation}")
        return super()._call(operation, given)


class _OnlyLooks(Session):
    def client(self, service: str, *, config: Config | None = None, **_: Any) -> Client:
        return _Looking(self._world, service, config or Config())


def _target(session: Any) -> Target:
    return Target(
        clients=Clients(session),
        ingress_queue_url="https://sqs/ingress",
        ingress_dlq_url="https://sqs/ingress-dlq",
        workflows_queue_url="https://sqs/workflows.fifo",
        workflows_dlq_url="https://sqs/workflows-dlq.fifo",
        results_bucket="results",
        state_table="state",
        lambda_function="limiter",
        scraper_logs=names.SCRAPER_LOGS,
    )
