"""Texts that say nothing, of the same length and the same classes of characters as those that did."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

ROW = 64
"""Letters are taken from the stretch of so many characters in which the original lies: its script, mostly."""
_KEPT = re.compile(r"https?://|www\.", re.IGNORECASE)
"""What a site makes a link of stays one."""
_TRIES = 64


def alike(text: str, seed: bytes) -> str:
    """Return a text in which each letter and digit is another of its kind, chosen by the seed; all else stays.

    Emoji, punctuation, blanks, line ends, marks and characters of direction stay what they are. Length, UTF-8 length,
    category, direction, case and the way in which each letter is composed are as before.
    """
    kept = [False] * len(text)
    for link in _KEPT.finditer(text):
        kept[link.start() : link.end()] = [True] * len(link.group())
    for attempt in range(_TRIES):
        numbers = _numbers(seed + attempt.to_bytes(2))
        made = "".join(
            character if kept[place] else _other(character, text[place + 1 : place + 2], next(numbers))
            for place, character in enumerate(text)
        )
        if made != text or not any(len(_choices(each, "")) > 1 for each in text):
            return made
    return made


def _other(character: str, following: str, number: int) -> str:
    mark = following if following and unicodedata.combining(following) else ""
    choices = _choices(character, mark)
    return choices[number % len(choices)]


@cache
def _choices(character: str, mark: str) -> str:
    """Return the letters or digits that may stand for one; itself where none but it is alike."""
    if not (character.isalpha() or unicodedata.category(character).startswith("N")):
        return character
    row = ord(character) // ROW * ROW
    wanted = _kind(character, mark)
    return "".join(it for it in map(chr, range(row, row + ROW)) if _kind(it, mark) == wanted) or character


def _kind(character: str, mark: str) -> tuple[object, ...]:
    """Tell what must stay of a character, and of it with the mark that follows it."""
    if "\ud800" <= character <= "\udfff":
        return (character,)
    decomposition = unicodedata.decomposition(character).split()
    return (
        unicodedata.category(character),
        unicodedata.bidirectional(character),
        unicodedata.east_asian_width(character),
        len(character.encode()),
        decomposition[:1] if decomposition[:1] and decomposition[0].startswith("<") else decomposition[1:],
        bool(decomposition),
        [len(unicodedata.normalize(form, character)) for form in ("NFC", "NFD", "NFKC", "NFKD")],
        [len(changed) for changed in (character.upper(), character.lower(), character.casefold())],
        character.isdecimal(),
        len(unicodedata.normalize("NFC", character + mark)) if mark else 0,
    )


def _numbers(seed: bytes) -> Iterator[int]:
    """Yield numbers that follow from the seed, and from nothing else."""
    block = 0
    while True:
        digest = hashlib.sha256(seed + block.to_bytes(8)).digest()
        yield from (int.from_bytes(digest[at : at + 4]) for at in range(0, len(digest), 4))
        block += 1


def from_shape(length: int, kinds: tuple[str, ...], seed: bytes) -> str:
    """Return a text of a length that holds something of each kind (``KINDS``), from what a log says of one that is gone."""
    special = "".join(KINDS[kind] for kind in kinds if kind in KINDS)[:length]
    numbers = _numbers(seed)
    letters = "".join(chr(ord("a") + next(numbers) % 26) for _ in range(max(length - len(special), 0)))
    return letters + special


KINDS = {
    "emoji": "\N{GRINNING FACE}",
    "joined": "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "right_to_left": "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}",
    "line_end": "\n",
    "carriage_return": "\r\n",
    "composed": "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "decomposed": "e\N{COMBINING ACUTE ACCENT}",
    "wide": "\N{CJK UNIFIED IDEOGRAPH-4E2D}",
    "dots": "...",
    "smiley": ":)",
    "link": "https://site.invalid/a",
    "invisible": "\N{ZERO WIDTH SPACE}",
}
"""What a text may hold that a site, a browser or a form is known to change; an example of each."""
