"""A test that runs past its time fails alone."""

import pytest

from emulator.harness.places import ROOT
from tests import time_limits

CONFTEST = """
import time, pytest
from tests import time_limits
time_limits.AGAIN_SECONDS = {again}
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.name == "test_slow" and call.when == "call":
        time.sleep(1.5)
    return report
"""
TESTS = """
import asyncio, pytest, time
{slow}
def test_next(): pass
"""
IN_REPORT = "@pytest.mark.timeout(1)\ndef test_slow(): assert False"
IN_TEST = "@pytest.mark.timeout(1)\ndef test_slow(): time.sleep(60)"
IN_TASK = """
@pytest.mark.timeout(1)
def test_slow():
    async def spin():
        end = time.monotonic() + 1.2
        while time.monotonic() < end: pass
    async def wait():
        task = asyncio.create_task(spin())
        await asyncio.sleep(600)
    asyncio.run(wait())
"""


@pytest.mark.parametrize("slow", [IN_TEST, IN_REPORT, IN_TASK], ids=["in the test", "in its report", "in a task"])
def test_the_session_goes_on(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    """Wherever the time ends: one failure, and the next test is run."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    again = 1 if slow == IN_TASK else time_limits.AGAIN_SECONDS
    pytester.makeconftest(CONFTEST.format(again=again))
    pytester.makepyfile(TESTS.format(slow=slow))
    result = pytester.runpytest_subprocess("-p", "tests.time_limits", "-p", "no:cacheprovider", timeout=60)
    result.assert_outcomes(passed=1, failed=1)
    if slow != IN_REPORT:
        result.stdout.fnmatch_lines(["*took more than 1 s*"])
