"""Playwright's driver, the node process between worker and Chromium, is killed."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import psutil
import pytest

from huntaze_scraper.errors import BrowserUnavailable
from huntaze_scraper.onlyfans import driver as drivers
from huntaze_scraper.onlyfans.browser import Browser
from tests.integration.scraper_office import Office, World, chromium, wanted
from tests.processes import descendants, kill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CHAT = {"path": "/my/chats/chat/*"}


def running_drivers(besides: Collection[psutil.Process] = ()) -> list[psutil.Process]:
    """The drivers that live, besides some."""
    return [process for process in descendants(None, "run-driver", recursive=False) if process not in besides]


def kill_driver(besides: Collection[psutil.Process] = ()) -> None:
    """Kill the one that there is."""
    (process,) = running_drivers(besides)
    kill(process)
    process.wait(10)


@pytest.fixture
def others() -> list[psutil.Process]:
    """The drivers that are another test's."""
    return running_drivers()


@pytest.mark.requirement("7.4")
def test_a_driver_that_is_killed_while_idle_costs_a_job_nothing(place: World, office: Office) -> None:
    """Once, and again: the job that comes next is done, with a new driver and a new Chromium."""

    async def scenario() -> None:
        for text in ("one", "two", "three"):
            await office.carry_out(wanted(office.account, message_content=text))
            kill_driver()
        assert [text for _, _, text in office.sent] == ["one", "two", "three"]
        assert await office.browser.make_ready()
        assert len(running_drivers()) == 1

    place.run(scenario())


@pytest.mark.requirement("7.4")
def test_a_driver_that_is_killed_while_a_page_is_open_is_started_again(place: World, office: Office) -> None:
    """The attempt that it was under is made again."""

    async def scenario() -> None:
        office.fault("delay", seconds=5, **CHAT, times=1)
        job = asyncio.create_task(office.carry_out(wanted(office.account)))
        while not office.asked("GET", f"/my/chats/chat/{office.account.fans[0].username}"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        kill_driver()
        await job
        assert len(office.sent) == 1

    place.run(scenario())


@pytest.mark.requirement("9.6")
def test_whoever_asks_before_taking_work_finds_a_dead_driver_first(place: World, office: Office) -> None:
    """So that no job meets it."""

    async def scenario() -> None:
        before = (await office.browser.start()).number
        kill_driver()
        assert await office.browser.make_ready()
        assert (await office.browser.start()).number == before + 1
        await office.carry_out(wanted(office.account))
        assert [each.status for each in office.fake.site.exchanges if each.status != 200] == [201]

    place.run(scenario())


def test_a_driver_that_is_killed_while_it_starts_is_started_by_whoever_asks_next(others: list[psutil.Process]) -> None:
    """The first is told that there is no browser."""

    async def scenario() -> None:
        browser = Browser(chromium())
        try:
            starting = asyncio.create_task(browser.start())
            while not running_drivers(others):  # noqa: ASYNC110
                await asyncio.sleep(0)
            kill_driver(others)
            with pytest.raises(BrowserUnavailable):
                await starting
            assert browser.failed_starts == 1
            assert await browser.make_ready()
            assert browser.failed_starts == 0
        finally:
            await browser.close()

    asyncio.run(scenario())


def test_a_driver_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch, others: list[psutil.Process]) -> None:
    """One that is stopped answers nobody, and does not say that it is gone."""
    monkeypatch.setattr(drivers, "ANSWER_SECONDS", 1.0)

    async def scenario() -> None:
        browser = Browser(chromium())
        await browser.start()
        (hanging,) = running_drivers(others)
        hanging.suspend()
        try:
            assert await browser.make_ready()
            assert len(running_drivers(others)) == 2
        finally:
            kill(hanging)
            await browser.close()

    asyncio.run(scenario())


@pytest.mark.requirement("9.6")
def test_a_chromium_that_does_not_start_says_so_until_it_does(tmp_path: Path, others: list[psutil.Process]) -> None:
    """However often it is asked for; the driver stays the same."""
    executable = tmp_path / "chromium"
    executable.symlink_to("/bin/false")

    async def scenario() -> None:
        browser = Browser(str(executable))
        try:
            for failed in (1, 2, 3, 4):
                assert not await browser.make_ready()
                assert browser.failed_starts == failed
            executable.unlink()
            executable.symlink_to(chromium())
            assert await browser.make_ready()
            assert browser.failed_starts == 0
            assert len(running_drivers(others)) == 1
        finally:
            await browser.close()
        assert running_drivers(others) == []

    asyncio.run(scenario())
