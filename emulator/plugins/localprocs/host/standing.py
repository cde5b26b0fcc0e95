"""A session's clock stands while a person is at a breakpoint, and during tests that do not use it."""

import contextlib
from collections.abc import Callable, Collection, Iterator

import pytest

from localprocs.vclock import Clock, WallClock


class Standing:
    """A plug-in of pytest for one clock, which is there once something runs on it."""

    def __init__(self, clock: Callable[[], Clock | WallClock | None], is_used: Callable[[pytest.Item], bool]) -> None:
        """Take where to find the clock, and who uses it."""
        self._clock, self._is_used = clock, is_used
        self._breakpoint: contextlib.ExitStack | None = None

    def pytest_enter_pdb(self) -> None:
        """Let time stand while a person looks."""
        clock = self._clock()
        if clock is not None and self._breakpoint is None:
            self._breakpoint = contextlib.ExitStack()
            self._breakpoint.enter_context(clock.hold("a breakpoint"))

    def pytest_leave_pdb(self) -> None:
        """Let time go on."""
        if self._breakpoint is not None:
            self._breakpoint.close()
            self._breakpoint = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Let time stand during tests that do not use it: years would go by, and cost their work."""
        clock = self._clock()
        if clock is None or self._is_used(item):
            return (yield)
        with clock.hold("a test that does not use it"):
            return (yield)


def uses(item: pytest.Item, fixtures: Collection[str], module: str) -> bool:
    """Tell whether a test uses one of a module's fixtures: it may have its own of that name, and not ask for those."""
    found = getattr(item, "_fixtureinfo", None)
    return found is not None and any(_is_of(module, found.name2fixturedefs.get(name, ()), name) for name in fixtures)


def _is_of(module: str, definitions: Collection[pytest.FixtureDef[object]], name: str) -> bool:
    for each in reversed(list(definitions)):
        if each.func.__module__ == module:
            return True
        if name not in each.argnames:
            return False
    return False
