"""The models keep what the emulator keeps: they are no kinder than the world."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.cloud import Cloud
from tests.contracts.promises import PROMISES, Promise
from tests.simulation.aws.client import Session
from tests.simulation.ground import Ground
from tests.simulation.plan import Plan
from tests.simulation.process import Process


def on_models(promise: Callable[[Cloud], None]) -> None:
    """Keep a promise in a world in which nothing goes wrong."""
    ground = Ground(Plan(seed=1, jobs=[], faults=[], skew_seconds=0.0))
    session: Any = Session(ground)
    for queue in (ground.ingress, ground.workflows):
        queue.visibility_seconds, queue.most_receives = 30.0, 3
    ground.secrets.put("secret", "one")
    cloud = Cloud(
        sqs=session.client("sqs"),
        dynamodb=session.client("dynamodb"),
        s3=session.client("s3"),
        secretsmanager=session.client("secretsmanager"),
        logs=session.client("logs"),
        queue="https://sqs/ingress",
        dlq="https://sqs/ingress-dlq",
        fifo="https://sqs/workflows.fifo",
        table="state",
        line="line",
        bucket="results",
        secret="secret",
        now=ground.now,
        wait=ground.loop.block,
    )
    ended, broken = ground.loop.create_future(), list[BaseException]()

    def keep() -> None:
        try:
            promise(cloud)
        except Exception as error:  # noqa: BLE001 - it is raised below
            broken.append(error)
        ended.set_result(None)

    ground.loop.spawn(keep, Process("client"))
    ground.loop.run_until_complete(ended)
    ground.loop.finish()
    ground.loop.close()
    if broken:
        raise broken[0]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda it: it.__name__)
def test_a_model_keeps_what_the_pipeline_relies_on(promise: Promise) -> None:
    """The same promises as the emulator's, by the same code."""
    on_models(promise)
