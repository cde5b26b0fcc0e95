"""When a page's texts may be taken for what it says: looks that are scripted, on a loop whose time jumps."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import NoAnswer, OddPage
from huntaze_scraper.onlyfans import sight
from huntaze_scraper.onlyfans.sight import Look, Seen, Texts
from huntaze_scraper.onlyfans.site import Element
from tests.unit.worker.jumping_loop import run

pytestmark = pytest.mark.requirement("9.8")

NAME, FANS, BIO = Element("#name"), Element("#fans"), Element("#bio", is_required=False)
ELEMENTS = {"name": NAME, "fans": FANS, "bio": BIO}


def shown(*texts: str | list[str], whole: bool = True) -> Look:
    """A look at which each element shows a text, several, or nothing."""
    several = ([text] if isinstance(text, str) else text for text in texts)
    return Look.read({"isWhole": whole, "found": [[[text, ""] for text in each] for each in several]})


class Page:
    """Shows each look from its moment on."""

    def __init__(self, *timeline: tuple[float, Look]) -> None:
        self._timeline = timeline

    async def look(self) -> Look:
        now = asyncio.get_running_loop().time() - self._began
        return [look for moment, look in self._timeline if moment <= now][-1]

    async def read(self, seconds: float = 15) -> tuple[float, Texts]:
        now = asyncio.get_running_loop().time
        self._began = now()
        texts = await sight.read(self.look, ELEMENTS, lambda texts: texts["fans"] == Seen("0", ""), seconds, "GET /ana")
        return now() - self._began, texts


def texts(name: str, fans: str, bio: str | None) -> Texts:
    return {"name": Seen(name, ""), "fans": Seen(fans, ""), "bio": bio and Seen(bio, "")}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("timeline", "told", "seconds"),
    [
        ([(0, shown("Ana", "12", "x"))], texts("Ana", "12", "x"), 1),
        ([(0, shown(" Ana\n", "12", "x"))], texts("Ana", "12", "x"), 1),
        ([(0, shown("Ana", "0", "x"))], texts("Ana", "0", "x"), 3),
        ([(0, shown("Ana", "12", ""))], texts("Ana", "12", None), 3),
        ([(0, shown("Ana", "12", []))], texts("Ana", "12", None), 3),
        ([(0, shown("Ana", "12", ["x", "x"]))], texts("Ana", "12", "x"), 1),
        ([(0, shown("Ana", "0", "x")), (0.5, shown("Ana", "1,204", "x"))], texts("Ana", "1,204", "x"), 1.5),
        ([(0, shown("Ana", "0", "x")), (2.5, shown("Ana", "1,204", "x"))], texts("Ana", "1,204", "x"), 3.5),
        ([(0, shown("Ana", "12", "x")), (0.8, shown("Ana", "13", "x"))], texts("Ana", "13", "x"), 1.8),
        ([(0, shown("Ana", "12", [])), (2, shown("Ana", "12", "x"))], texts("Ana", "12", "x"), 3),
        ([(0, shown("Ana", [], "x")), (9, shown("Ana", "12", "x"))], texts("Ana", "12", "x"), 10),
        ([(0, shown("Ana", "12", "x", whole=False)), (5, shown("Ana", "12", "x"))], texts("Ana", "12", "x"), 6),
    ],
)
def test_texts_are_taken_once_they_stand_still(timeline: list[tuple[float, Look]], told: Texts, seconds: float) -> None:
    """A second; three where one is missing or may be a placeholder; whatever a script fills in meanwhile."""

    async def scenario() -> None:
        took, read = await Page(*timeline).read()
        assert read == told
        assert seconds <= took < seconds + 0.4

    run(scenario())


@pytest.mark.parametrize(
    ("look", "kind", "reason"),
    [
        (shown("Ana", [], "x"), OddPage, "missing selector #fans"),
        (shown("Ana", "  ", "x"), OddPage, "missing selector #fans"),
        (shown("Ana", ["12", "13"], "x"), OddPage, "elements of #fans show different texts"),
        (shown("Ana", "12", "x", whole=False), NoAnswer, "does not come to its end"),
    ],
)
def test_a_page_that_stays_odd_is_an_error_in_bounded_time(look: Look, kind: type[Exception], reason: str) -> None:
    """What it must show is missing, shown twice in two ways, or never comes whole."""

    async def scenario() -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(kind, match=reason):
            await Page((0, look)).read()
        assert asyncio.get_running_loop().time() - began < 16

    run(scenario())


@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from(["0", "7", "1,204", ""])), max_size=40))
def test_what_is_told_was_shown_for_a_second(changes: Sequence[tuple[float, str]]) -> None:
    """However a page changes: a text that stood still, or an error within the time."""
    timeline = [(0.0, shown("Ana", "5", "x")), *[(at, shown("Ana", text, "x")) for at, text in sorted(changes)]]

    async def scenario() -> None:
        page = Page(*timeline)
        with suppress(OddPage):
            took, told = await page.read()
            assert took <= 15.5
            fans = told["fans"]
            assert fans is not None
            latest = [look for at, look in timeline if at <= took][-1]
            assert latest.seen[1] == [fans]

    run(scenario())
