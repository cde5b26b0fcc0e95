"""The fixtures' clock stands while a person looks, and the status ends with who waits for it."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from localprocs.host.standing import Standing
from localprocs.vclock import AUTO, Clock

from emulator.cli.inspect import next_due
from emulator.harness import pytest_plugin
from emulator.harness.artefacts.witnesses import uses_harness


def of(module: ModuleType, *names: str) -> Any:
    """A fixture that is defined there, and asks for those."""
    return SimpleNamespace(func=SimpleNamespace(__module__=module.__name__), argnames=names)


def test_time_stands_at_a_breakpoint() -> None:
    """From where the debugger is entered to where it is left; entered twice, it is left once."""
    with Clock.create(AUTO) as clock:
        standing = Standing(lambda: clock, lambda _: True)

        standing.pytest_enter_pdb()
        standing.pytest_enter_pdb()

        assert clock.state().paused
        stands = clock.now()
        standing.pytest_leave_pdb()
        assert not clock.state().paused
        assert clock.now() >= stands
        standing.pytest_leave_pdb()


def test_a_clock_that_a_test_had_paused_stays_so_after_its_breakpoint() -> None:
    """The breakpoint gives back what it found; without a harness there is nothing to stop."""
    with Clock.create(AUTO) as clock:
        running: list[Clock] = []
        standing = Standing(lambda: next(iter(running), None), lambda _: True)
        standing.pytest_enter_pdb()
        standing.pytest_leave_pdb()
        running.append(clock)
        clock.pause()
        standing.pytest_enter_pdb()
        standing.pytest_leave_pdb()
        assert clock.state().paused


@pytest.mark.parametrize(
    ("visible", "stands"),
    [
        ([], True),
        ([of(pytest_plugin)], False),
        ([of(pytest_plugin), of(sys)], True),
        ([of(pytest_plugin), of(sys, "clock")], False),
    ],
    ids=["none", "the harness's", "the test's own, of that name", "the test's own, made of the harness's"],
)
def test_the_harness_stands_during_a_test_that_does_not_use_it(visible: list[Any], stands: bool) -> None:
    """A fixture of a name that the harness has, too, does not let years go by there."""
    with Clock.create(AUTO) as clock:
        item: Any = SimpleNamespace(_fixtureinfo=SimpleNamespace(name2fixturedefs={"clock": visible}))
        during = Standing(lambda: clock, uses_harness).pytest_runtest_protocol(item)

        next(during)

        assert clock.state().paused == stands
        with pytest.raises(StopIteration):
            next(during)
        assert not clock.state().paused


def test_the_status_tells_who_waits_next_and_until_when() -> None:
    """One line, by the cloud's time; one who is about to go on waits no negative time."""
    due = [{"who": "python worker (7)", "seconds": 90.5}, {"who": "node (8)", "seconds": 100.0}]
    assert next_due(due, 0.0) == (
        "next: python worker (7) waits until 1970-01-01 00:01:30 UTC, 90.5 s from now; 1 more wait"
    )
    assert ", 0.0 s from now; 0 more wait" in next_due([{"who": "late (9)", "seconds": -0.2}], 60.0)
    assert next_due([], 0.0) == "nobody waits on the clock"
