"""An event loop on which waiting takes no time: where all wait, the clock jumps to the next moment of interest."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _JumpingSelector(selectors.DefaultSelector):
    skipped = 0.0
    jumps = 0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits, and for nothing that could come"
            self.skipped += max(timeout, 0.0)
            self.jumps += timeout > 0
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose time is its own. No threads: it would jump over their work."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.skipped

    @property
    def jumps(self) -> int:
        """How many moments somebody waited for."""
        return self._jumping.jumps


async def moments_within(seconds: float) -> int:
    """Let so much time go by on a jumping loop, and return how many others' moments came meanwhile."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    before = loop.jumps
    await asyncio.sleep(seconds)
    return loop.jumps - before - 1


class LoopClock:
    """The package's clock on a jumping loop."""

    epoch = 1_700_000_000.0

    def now(self) -> float:
        return self.epoch + self.monotonic()

    def monotonic(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"asleep for {seconds} s inside an event loop")


def run[T](scenario: Coroutine[Any, Any, T], *, longest_seconds: float = 86400.0 * 30) -> T:
    """Run a scenario on a jumping loop; fail where it outlives the given time of its own."""

    async def bounded() -> T:
        async with asyncio.timeout(longest_seconds):
            return await scenario

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(bounded())
