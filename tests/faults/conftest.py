"""What the fault suite shares: seeds, and the command that replays a failure."""

from collections.abc import Callable

import pytest
from _pytest._code.code import ExceptionRepr

from emulator.harness.faults import Faults
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from tests.patience import until

SEEDS = (1, 2)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a seed be chosen."""
    parser.addoption("--seed", type=int, action="append", help="run the fault suite with this seed; may be repeated")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a seed with each of them."""
    if "seed" in metafunc.fixturenames:
        seeds = metafunc.config.getoption("--seed", None) or SEEDS
        metafunc.parametrize("seed", seeds, ids=[f"seed-{it}" for it in seeds])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> object:
    """Say how to replay a failure."""
    report = yield
    if isinstance(report.longrepr, ExceptionRepr):
        seed = item.callspec.params.get("seed") if hasattr(item, "callspec") else None
        options = f"--backend {item.config.getoption('--backend')} --speed {item.config.getoption('--speed')}"
        chosen = "" if seed is None or seed in SEEDS else f" --seed {seed}"
        report.longrepr.addsection("replay", f"./huntaze test '{item.nodeid}' {options}{chosen}")
    return report


@pytest.fixture
def faults(harness: Harness, seed: int) -> object:
    """Faults by the seed; outages end with the test."""
    made = Faults(harness.run, seed)
    yield made
    made.end_outages()


@pytest.fixture
def await_forwarding(pipeline: Pipeline) -> Callable[[int], None]:
    """Waits until so many messages are on the workflows queue and none is left: then a jump makes no limiter late.

    One that dies between sending and noting it repeats itself within 180 s, while the workflows queue still knows the
    message; after a jump in between it has forgotten it.
    """

    def wait(count: int) -> None:
        run = pipeline.run
        until(lambda: len(pipeline.journal(run.workflows_queue_url)) >= count, 120, f"forwarding {count}")
        until(lambda: pipeline.depth(run.ingress_queue_url) == 0, 120, "the last message's deletion")

    return wait
