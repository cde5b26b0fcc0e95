"""Whether a task can work, on probes that do as they are told."""

import asyncio
from collections.abc import Awaitable, Callable

from huntaze_scraper.errors import BrowserUnavailable, StoreUnavailable
from huntaze_scraper.worker.readiness import LONGEST_WAIT_SECONDS, LOOK_SECONDS, Readiness
from tests.unit.worker.doubles import Samples
from tests.unit.worker.jumping_loop import run


class Thing:
    """Something of ours that may not work, or hang."""

    def __init__(self) -> None:
        self.works = True
        self.hangs = False
        self.looked_at: list[float] = []

    async def probe(self) -> None:
        self.looked_at.append(asyncio.get_running_loop().time())
        if self.hangs:
            await asyncio.sleep(10**6)
        if not self.works:
            raise StoreUnavailable("down")


def on_two_things(scenario: Callable[[Readiness, Thing, Thing], Awaitable[None]]) -> None:
    async def with_loop() -> None:
        store, browser = Thing(), Thing()
        readiness = Readiness({"store": store.probe, "browser": browser.probe}, Samples())
        running = asyncio.create_task(readiness.run())
        await scenario(readiness, store, browser)
        running.cancel()

    run(with_loop())


def test_nothing_is_looked_at_without_a_doubt() -> None:
    """A task that works costs no calls."""

    async def scenario(readiness: Readiness, store: Thing, _browser: Thing) -> None:
        await asyncio.sleep(10_000)
        assert await readiness.ready()
        assert store.looked_at == []

    on_two_things(scenario)


def test_a_doubt_that_is_unfounded_stops_nobody() -> None:
    """The trouble was one job's: everything answers, so the task goes on at once."""

    async def scenario(readiness: Readiness, _store: Thing, _browser: Thing) -> None:
        readiness.doubt()
        assert await readiness.ready()
        assert asyncio.get_running_loop().time() == 0

    on_two_things(scenario)


def test_what_does_not_answer_a_probe_in_time_does_not_work() -> None:
    """A store that hangs is as good as down."""

    async def scenario(readiness: Readiness, store: Thing, _browser: Thing) -> None:
        store.hangs = True
        readiness.doubt()
        assert not await readiness.ready()
        assert asyncio.get_running_loop().time() == LOOK_SECONDS
        assert readiness.missing == ("store",)

    on_two_things(scenario)


def test_it_looks_again_with_growing_pauses_that_are_bounded_until_all_works() -> None:
    """After 1, 2, 4 … 60 s; what is missing is counted on end, and forgotten when it works."""

    async def scenario(readiness: Readiness, store: Thing, browser: Thing) -> None:
        store.works = browser.works = False
        readiness.doubt()
        await asyncio.sleep(300)
        assert readiness.missing == ("store", "browser")
        store.works = True
        await asyncio.sleep(LONGEST_WAIT_SECONDS)
        assert readiness.missing == ("browser",)
        assert set(readiness.failed_looks) == {"browser"}
        browser.works = True
        await asyncio.sleep(LONGEST_WAIT_SECONDS)
        assert await readiness.ready()
        pauses = [after - before for before, after in zip(browser.looked_at, browser.looked_at[1:], strict=False)]
        assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
        assert max(pauses) == 60
        looks = len(browser.looked_at)
        await asyncio.sleep(1000)
        assert len(browser.looked_at) == looks

    on_two_things(scenario)


def test_a_browser_that_does_not_start_is_missing_like_a_store() -> None:
    """Whatever of ours a probe says."""

    async def no_browser() -> None:
        raise BrowserUnavailable("none")

    async def scenario() -> None:
        readiness = Readiness({"browser": no_browser}, Samples())
        running = asyncio.create_task(readiness.run())
        readiness.doubt()
        assert not await readiness.ready()
        running.cancel()

    run(scenario())
