"""Whether two texts may be one message, whatever a site makes of a text that it takes.

Sites compose letters, straighten or bend quotes, draw emoticons, shorten and wrap links, drop what cannot be seen,
close up blanks, escape markup. None of them puts words of its own into a message.
"""

import html
import re
import unicodedata
from enum import Enum, auto

FOREIGN_WORDS = 2
"""So many words that we did not write make another message: a lone one may be a mask, such as ``[removed]``."""

MOST_ESCAPES = 8
"""So often escaped markup is read: some sites escape what they have escaped."""

_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|www\.)\S+|[\w-]+(?:\.[\w-]+)+(?:/\S*)?")
_DRAWN = re.compile(r":[a-z0-9_+-]{2,}:|[:;=<]-?3\b|\bx+d+\b")
"""Emoticons and names of emoji that hold more than one letter, or a digit."""
_WORD = re.compile(r"\w+")


class Likeness(Enum):
    """How two texts are alike."""

    SAME = auto()
    OTHER = auto()
    """For certain not the same message."""
    UNCLEAR = auto()


def likeness(ours: str, theirs: str) -> Likeness:
    """Compare what we wrote with what the site shows."""
    if comparable(ours) == comparable(theirs):
        return Likeness.SAME
    written, shown = _words(ours), _words(theirs)
    if written and written == shown:
        return Likeness.SAME
    kept = sum(word in shown for word in written)
    foreign = set(shown) - set(written)
    if len(foreign) >= FOREIGN_WORDS and (not written or kept * 2 < len(written)):
        return Likeness.OTHER
    return Likeness.UNCLEAR


def is_whole(ours: str, held: str) -> bool:
    """Tell whether an input field holds all of the text, be it in its own spelling."""
    mine, kept = comparable(ours), comparable(held)
    if mine == kept:
        return True
    if not kept or (mine.startswith(kept) and mine[len(kept) :].strip()):
        return False
    return _words(ours) == _words(held)


def comparable(text: str) -> str:
    """Return the text without what cannot be seen: kinds of line ends, outer blanks, formatting characters."""
    seen = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return unicodedata.normalize("NFC", seen.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _words(text: str) -> list[str]:
    """Return what carries the meaning: words and numbers, without links, markup, accents, single letters."""
    for _ in range(MOST_ESCAPES):
        text = html.unescape(text)
    plain = unicodedata.normalize("NFKD", _TAG.sub(" ", text))
    plain = "".join(each for each in plain if unicodedata.category(each) not in ("Cf", "Mn", "Me")).casefold()
    words = _WORD.findall(_DRAWN.sub(" ", _LINK.sub(" ", plain)))
    return [word for word in words if len(word) > 1 or not ("a" <= word <= "z")]
