"""The spellings of a text: undone layer by layer, each character knowing from where in the text it came.

A secret passes through JSON, URLs, HTML, shells and Python on its way to a log, in any order and more than once: no list
of spellings is ever whole. What can be had is the text as each reader on that way would read it.
"""

import binascii
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import accumulate

MOST_LAYERS = 8
"""So many spellings over one another are undone, which bounds the cost: it is linear in the text."""

_ESCAPE = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2}"
    r"|\\[0abefnrtv]|\\[^0-9A-Za-z]"
    r"|%u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}"
    r"|&#[0-9]{1,7};|&#[xX][0-9a-fA-F]{1,6};|&[A-Za-z][0-9A-Za-z]{1,31};"
    # What the above leaves, and so do programs: halves of what lies beyond U+FFFF, and UTF-8 read as Latin-1.
    r"|[\ud800-\udbff][\udc00-\udfff]"
    r"|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_QUOTED_PRINTABLE = re.compile(r"=[0-9A-Fa-f]{2}|=[ \t]*\r?\n")
"""Of mail. By itself: what follows an ordinary "=" may look like it, and would be misread for good."""
_CONTROLS = dict(zip("0abefnrtv", "\0\a\b\x1b\f\n\r\t\v", strict=True))
_LAST_CHARACTER = 0x10FFFF

_BASE64 = re.compile(r"[0-9A-Za-z+/_-]{8,}(?:\r?\n[0-9A-Za-z+/_-]+)*={0,2}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{12,}")
_ONE_ALPHABET = str.maketrans("-_", "+/", "\r\n=")
_QUAD = 4

_PASSED_OVER = frozenset(
    {*range(0x21), *b"\"'`\\+", *range(0x7F, 0xA1), 0xAD, 0x200B, 0x200C, 0x200D, 0x2028, 0x2029, 0x2060, 0xFEFF}
)
"""What is not compared, for a spelling may add, drop or swap it: blanks, line ends, quotes, backslashes, and plus."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A text as one more reader reads it, in pieces that know where they stood in the layer outside."""

    text: str
    outer: "Layer | None" = None
    starts: tuple[int, ...] = ()
    """Where each piece begins, in this text."""
    sources: tuple[tuple[int, int], ...] = ()
    """From where to where it stood in the outer one."""

    def inner(self, escapes: re.Pattern[str] = _ESCAPE) -> "Layer | None":
        """Undo one more layer of escapes; None where there is none."""
        pieces: list[str] = []
        sources: list[tuple[int, int]] = []
        done = 0
        for escape in escapes.finditer(self.text):
            start, end = escape.span()
            pieces += (self.text[done:start], _meaning(escape.group()))
            sources += ((done, start), (start, end))
            done = end
        text = "".join((*pieces, self.text[done:]))
        if text == self.text:
            return None
        starts = tuple(accumulate(map(len, pieces), initial=0))
        return Layer(text, self, starts, (*sources, (done, len(self.text))))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where these characters stand in the outermost text."""
        if self.outer is None:
            return start, end
        return self.outer.span(self._source(start)[0], self._source(end - 1)[1])

    def _source(self, place: int) -> tuple[int, int]:
        piece = bisect_right(self.starts, place) - 1
        start, end = self.sources[piece]
        if piece % 2:  # an escape goes as a whole
            return start, end
        start += place - self.starts[piece]
        return start, start + 1


def layers(text: str) -> list[Layer]:
    """Return the text as it stands, and as each further reader reads it, with and without a mail's reader before."""
    whole = Layer(text)
    mail = whole.inner(_QUOTED_PRINTABLE)
    return [*_layers(whole), *(_layers(mail) if mail else ())]


def _layers(first: Layer) -> list[Layer]:
    read = [first]
    while len(read) <= MOST_LAYERS and (inner := read[-1].inner()):
        read.append(inner)
    return read


def unpacked(text: str) -> Iterator[tuple[str, int, int]]:
    """Tell what base64 and hexadecimal digits in a text hold, if it may be text, and from where to where they stand.

    Where they begin is not known ("x/dXNlcjpw"), so that they are read from each place where they might.
    """
    for run in _BASE64.finditer(text):
        letters = run.group().translate(_ONE_ALPHABET)
        for first in range(_QUAD):
            part = letters[first:]
            part = part[:-1] if len(part) % _QUAD == 1 else part
            yield from _if_text(binascii.a2b_base64(part + "=" * (-len(part) % _QUAD)), run)
    for run in _HEXADECIMAL.finditer(text):
        for first in range(2):
            digits = run.group()[first:]
            yield from _if_text(bytes.fromhex(digits[: len(digits) // 2 * 2]), run)


def _if_text(held: bytes, run: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    text = held.decode(errors="replace")
    if text.count("\ufffd") * 4 <= len(text):
        yield text, *run.span()


class _Comparable(dict[int, str]):
    """Each character as it is compared: compatibility forms decomposed, and nothing of what is passed over."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code))
        self[code] = "".join(it for it in decomposed if ord(it) not in _PASSED_OVER)
        return self[code]


_COMPARABLE = _Comparable()


def comparable(text: str) -> str:
    """Return what is compared of a text."""
    return text.translate(_COMPARABLE)


def places(text: str) -> list[int]:
    """Return where each character stands in ``comparable(text)``."""
    return list(accumulate((len(_COMPARABLE[ord(it)]) for it in text), initial=0))


def _meaning(escape: str) -> str:
    """Return what an escape stands for; itself where it stands for nothing."""
    kind, rest = escape[0], escape[1:]
    if kind == "=":
        return _character(rest, 16) if rest.strip() else ""
    if kind == "&":
        if rest[0] != "#":
            return unescape(escape)
        return _character(rest[2:-1], 16) if rest[1] in "xX" else _character(rest[1:-1], 10)
    if kind == "%":
        return _character(rest.lstrip("u"), 16)
    return _backslashed(rest) if kind == "\\" else _joined(escape)


def _backslashed(rest: str) -> str:
    if len(rest) == 1:
        return _CONTROLS.get(rest, rest)
    if rest[0] in "01234567":
        return _character(rest, 8)
    return _character(rest.lstrip("xuU").strip("{}"), 16)


def _joined(parts: str) -> str:
    halves = parts >= "\ud800"
    joined = parts.encode("utf-16-be" if halves else "latin-1", errors="surrogatepass")
    return joined.decode("utf-16-be" if halves else "utf-8", errors="replace")


def _character(digits: str, base: int) -> str:
    return chr(min(int(digits, base), _LAST_CHARACTER))
