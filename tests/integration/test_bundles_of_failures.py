"""A test that fails on a harness leaves a bundle, whatever its suite: its message names the command that replays it."""

from pathlib import Path

import pytest

from emulator.harness.harness import Harness
from huntaze_scraper.operations.incident.bundle import Bundle, Verb
from huntaze_scraper.operations.incident.reading import read_bundle

pytestmark = [pytest.mark.browser, pytest.mark.requirement("9.9")]

ON_THIS_HARNESS = """
import pytest
from emulator.harness.artefacts.witnesses import FRESH, RUNNING, HarnessWitness

@pytest.fixture(scope="session")
def harness(pytestconfig):
    (running,) = (it.running for it in pytestconfig.pluginmanager.get_plugins() if hasattr(it, "running"))
    pytestconfig.stash[RUNNING] = running
    pytestconfig.stash[FRESH] = [HarnessWitness.from_now(running)]
    return running
"""
A_FAULT_TEST = """
from tests import scraper_log
from tests.faults.workload import ACCOUNTS, send_workload
from tests.patience import until

def test_that_fails(pipeline, clock, faults, seed):
    begun = clock.now()
    faults.outage("s3", "error", 3600)
    sent = send_workload(pipeline, ACCOUNTS[:2])
    until(lambda: scraper_log.lines(pipeline, "task_waits", since=begun), what="a task that finds out")
    assert pipeline.find_result(sent[0])
"""
A_LOAD_TEST = """
from tests.load.test_campaigns import queues, send
from tests.patience import until

def test_that_fails(queues):
    send(queues, range(50))
    until(lambda: queues.depth(queues.run.workflows_queue_url), what="the first to be forwarded")
    assert queues.depth(queues.run.workflows_queue_url) == 50
"""
PLUGINS = ("-p", "emulator.harness.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:playwright")
"""Playwright's own plugin takes no session within another."""


class Outer:
    """The harness that runs already, for a session within this one."""

    def __init__(self, running: Harness) -> None:
        self.running = running


def left_behind(pytester: pytest.Pytester, harness: Harness, test: str, *options: str) -> Bundle:
    """Run a test that fails, and return its bundle, by the command that its message names."""
    pytester.makeconftest(ON_THIS_HARNESS)
    pytester.makepyfile(test_of_a_suite=test)
    result = pytester.runpytest_inprocess(*PLUGINS, "--artefacts", "kept", *options, plugins=[Outer(harness)])
    result.assert_outcomes(failed=1)
    (command,) = [it for it in result.outlines if it.startswith("./huntaze incident replay ")]
    return read_bundle(Path(command.rpartition(" ")[2]))


def test_a_failing_fault_test_leaves_a_bundle(pytester: pytest.Pytester, harness: Harness) -> None:
    """It is captured while the fault still lasts, and the fault is in its script."""
    bundle = left_behind(pytester, harness, A_FAULT_TEST, "-p", "tests.faults.conftest", "--seed", "1")

    assert {it.end for it in bundle.expected.jobs} == {"open"}
    outages = [it.arguments for it in bundle.script if it.verb is Verb.OUTAGE]
    assert [(it["service"], it["kind"]) for it in outages] == [("s3", "error")]


def test_a_failing_load_test_leaves_a_bundle(pytester: pytest.Pytester, harness: Harness) -> None:
    """All that was sent is in it, as far as the limiter knows of it."""
    bundle = left_behind(pytester, harness, A_LOAD_TEST)

    assert bundle.jobs
    assert {it.end for it in bundle.expected.jobs} == {"open"}
    assert {it.action for it in bundle.jobs} == {"get_messages"}
