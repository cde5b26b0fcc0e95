"""What the fault suite shares: a workload, seeds, and the command that replays a failure."""

from collections.abc import Callable

import pytest

from emulator.harness.faults import Faults
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline, SentJob

SEEDS = (1, 2)
WORKLOAD = 12


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a seed with each of them."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS, ids=[f"seed-{it}" for it in SEEDS])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """Say how to replay a failure."""
    report = yield
    if report.failed:
        report.sections.append(("replay", f"./huntaze test '{item.nodeid}'"))
    return report


@pytest.fixture
def faults(harness: Harness, seed: int) -> object:
    """Faults by the seed; outages end with the test."""
    made = Faults(harness.run, seed)
    yield made
    made.end_outages()


@pytest.fixture
def send_workload(pipeline: Pipeline) -> Callable[[], list[SentJob]]:
    """Sends messages of four accounts to different fans, every text its own."""

    def send() -> list[SentJob]:
        return [
            pipeline.send(
                {
                    "action": "send_message",
                    "creator_id": f"creator-{1 + number % 4:02}",
                    "user_id": f"fan-{1 + number % 10:03}",
                    "message_content": f"Message no. {number:02} of the campaign",
                }
            )
            for number in range(WORKLOAD)
        ]

    return send
