"""What a text is like, without a word of it: how long it is, and what it holds that programs are known to stumble over."""

import re
import unicodedata
from collections.abc import Callable, Mapping

_DECOMPOSED = re.compile(r"[^\W\d_][\u0300-\u036f]")
_KINDS: Mapping[str, Callable[[str], object]] = {
    "emoji": lambda text: any(unicodedata.category(it) == "So" for it in text),
    "joined": lambda text: "\u200d" in text,
    "right_to_left": lambda text: any(unicodedata.bidirectional(it) in ("R", "AL") for it in text),
    "line_end": lambda text: re.search(r"(?<!\r)\n", text),
    "carriage_return": lambda text: "\r" in text,
    "composed": lambda text: any(unicodedata.decomposition(it) and it.isalpha() for it in text),
    "decomposed": _DECOMPOSED.search,
    "wide": lambda text: any(unicodedata.east_asian_width(it) == "W" and it.isalpha() for it in text),
    "dots": lambda text: "..." in text,
    "smiley": re.compile(r"[:;]-?[)(DP]").search,
    "link": re.compile(r"https?://|www\.", re.IGNORECASE).search,
    "invisible": re.compile("[\u00ad\u200b\u200c\u2060\ufeff]").search,
}
KINDS = tuple(_KINDS)


def kinds_of(text: str) -> list[str]:
    """Return which of the kinds stand in a text."""
    return [kind for kind, is_in in _KINDS.items() if is_in(text)]
