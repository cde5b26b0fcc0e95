"""What is looked for in texts, all of it at once, so that a secret more costs no time."""

import json
import unicodedata
from bisect import bisect_right
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from huntaze_scraper.telemetry.spellings import comparable, layers, places

MOST_NEEDLES = 10_000
BEGINNING = 6
"""Characters of a needle by which it is found; what has fewer that are compared is looked for as it stands."""
FEW = 40
"""Up to so many beginnings, looking for each is faster than looking at each character."""


_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


class Needle(NamedTuple):
    """One of them."""

    text: str
    """As it is compared."""
    before: str = ""
    after: str = ""
    """What belongs to it at either end and is not compared."""


class Needles:
    """Remembers texts, and finds them in others."""

    def __init__(self) -> None:
        """Remember none."""
        self._as_compared, self._as_it_stands = _Index(), _Index()

    def add(self, text: str) -> None:
        """Look for this, too."""
        for written in _spellings(text):
            compared = comparable(written)
            if len(compared) >= BEGINNING:
                self._as_compared.add(Needle(compared, *_edges(written)))
            else:
                self._as_it_stands.add(Needle(written))

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        """Tell from where to where any of them stands in the text; they may overlap."""
        for start, needle in self._as_it_stands.found(text):
            yield start, start + len(needle.text)
        starts: list[int] = []
        for start, needle in self._as_compared.found(comparable(text)):
            starts = starts or places(text)
            first, last = bisect_right(starts, start) - 1, bisect_right(starts, start + len(needle.text) - 1) - 1
            yield _widened(text, needle, first, last + 1)


class _Index:
    """Needles by their beginnings and lengths: many begin alike, few are of many lengths."""

    def __init__(self) -> None:
        self._needles: OrderedDict[str, Needle] = OrderedDict()
        self._lengths: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def add(self, needle: Needle) -> None:
        if needle.text not in self._needles:
            self._lengths[needle.text[:BEGINNING]][len(needle.text)] += 1
        self._needles[needle.text] = needle
        self._needles.move_to_end(needle.text)
        while len(self._needles) > MOST_NEEDLES:
            self._forget(self._needles.popitem(last=False)[0])

    def found(self, text: str) -> Iterator[tuple[int, Needle]]:
        for start in self._beginnings(text):
            for length in self._lengths[text[start : start + BEGINNING]]:
                if needle := self._needles.get(text[start : start + length]):
                    yield start, needle

    def _forget(self, text: str) -> None:
        beginning = text[:BEGINNING]
        self._lengths[beginning] -= Counter([len(text)])
        if not self._lengths[beginning]:
            del self._lengths[beginning]

    def _beginnings(self, text: str) -> Iterator[int]:
        known = self._lengths
        if len(known) > FEW:
            yield from (at for at in range(len(text) - BEGINNING + 1) if text[at : at + BEGINNING] in known)
            return
        for beginning in known:
            at = text.find(beginning)
            while at >= 0:
                yield at
                at = text.find(beginning, at + 1)


def _spellings(text: str) -> set[str]:
    """Tell what it looks like once a reader has undone as much as there may be in a text beside it.

    The marks on a letter stand as they were typed, or in one of Unicode's orders. What looks like an escape in a secret
    ("100%25") is undone with the escapes that it got on its way. And of JSON's own a shell may cut the backslashes.
    """
    forms = {text, json.dumps(text)[1:-1], *(unicodedata.normalize(form, text) for form in _FORMS)}
    return {layer.text for form in forms for layer in layers(form) if len(layer.text) >= BEGINNING}


def _edges(text: str) -> tuple[str, str]:
    inner = [at for at, each in enumerate(text) if comparable(each)]
    return text[: inner[0]], text[inner[-1] + 1 :]


def _widened(text: str, needle: Needle, start: int, end: int) -> tuple[int, int]:
    """Take in the needle's edges as far as they stand in the text, too."""
    for each in reversed(needle.before):
        if not _same(text[start - 1 : start], each):
            break
        start -= 1
    for each in needle.after:
        if not _same(text[end : end + 1], each):
            break
        end += 1
    return start, end


def _same(one: str, other: str) -> bool:
    return one == other or (one == "+" and other == " ")
