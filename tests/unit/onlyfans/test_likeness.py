"""What a site may make of a text never makes it another message for certain; what somebody else wrote does."""

import html
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from huntaze_scraper.onlyfans.likeness import Likeness, comparable, is_whole, likeness

PIECES = st.one_of(
    st.sampled_from(
        ["good", "morning", "don't", "café", "cafe\u0301", "50%", "naïve", "Привет", "你好吗", "ok", "u", "xD"]
    ),
    st.sampled_from([":)", "<3", "...", "😀", "👩‍👩‍👧", "—", '"yes"', "\u200b", ":smile:", "&", "<b>"]),
    st.sampled_from(["https://Example.com/a/b?c=d", "www.example.com", "example.com/x"]),
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Co", "Cn"]), min_size=1, max_size=8),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map(" ".join)
SPELLINGS: dict[str, Callable[[str], str]] = {
    "NFC": lambda text: unicodedata.normalize("NFC", text),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "NFKC": lambda text: unicodedata.normalize("NFKC", text),
    "small letters": str.lower,
    "one blank": lambda text: re.sub(r"\s+", " ", text),
    "no zero width": lambda text: re.sub("[\u200b-\u200f\ufeff]", "", text),
    "ellipsis": lambda text: text.replace("...", "…"),
    "emoticons": lambda text: text.replace(":)", "😊").replace("<3", "❤").replace("xD", "😆").replace(":smile:", "😄"),
    "quotes": lambda text: re.sub('"([^"]*)"', r"“\1”", text).replace("'", "\u2019"),
    "entities": html.escape,
    "escaped twice": lambda text: html.escape(html.escape(text)),
    "in a paragraph": lambda text: f"<p>{html.escape(text)}</p>",
    "short links": lambda text: re.sub(r"(?:https?://|www\.)\S+", "https://sho.rt/x1", text),
    "wrapped links": lambda text: re.sub(r"https?://\S+", "https://site.example/away?to=https%3A%2F%2Fx", text),
    "no links": lambda text: re.sub(r"(?:https?://|www\.)\S+", "[link]", text),
    "masked": lambda text: text.replace("morning", "m******"),
}


@pytest.mark.requirement("9.5")
@example("<b>", ["escaped twice"] * 3)
@given(text=TEXTS, changes=st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=3))
def test_no_spelling_makes_a_text_another_for_certain(text: str, changes: list[str]) -> None:
    """However a site writes it: the same, or at least not to be sent past."""
    shown = text
    for change in changes:
        shown = SPELLINGS[change](shown)
    assert likeness(text, shown) is not Likeness.OTHER


@pytest.mark.parametrize("change", sorted(set(SPELLINGS) - {"masked", "no links"}))
def test_an_ordinary_text_is_known_again_in_each_spelling(change: str) -> None:
    """Not only not another: the same, so that it is found."""
    text = 'Good morning, "dear"... don\'t miss it :) <3 https://Example.com/a/b?c=d \u200bcafe\u0301 50%'
    assert likeness(text, SPELLINGS[change](text)) is Likeness.SAME


@given(
    st.lists(st.sampled_from(["red", "green", "blue", "white"]), min_size=1),
    st.sets(st.sampled_from(["one", "two", "three", "four"]), min_size=2),
)
def test_words_that_are_not_ours_make_another_message(ours: list[str], theirs: set[str]) -> None:
    """Two of them, and none of ours."""
    assert likeness(" ".join(ours), " ".join(sorted(theirs))) is Likeness.OTHER


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("hello", "thanks"),
        (":)", "😊"),
        ("set 1 is out", "set 2 is out"),
        ("hello", "hello, how was your day, dear?"),
        ("x", ""),
    ],
)
def test_in_between_nobody_knows(ours: str, theirs: str) -> None:
    """One word, none, a number, more words than ours."""
    assert likeness(ours, theirs) is Likeness.UNCLEAR


@given(st.text(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_texts_that_only_line_ends_tell_apart_are_the_same(text: str, line_end: str) -> None:
    """What a text area makes of a text does not make it another one."""
    assert comparable(f"a{line_end}b{text}") == comparable(f"a\nb{text}")
    assert comparable(comparable(text)) == comparable(text)


@given(text=TEXTS, cut=st.integers(1, 200))
def test_a_field_that_cuts_something_visible_off_does_not_hold_the_whole(text: str, cut: int) -> None:
    """At whatever place; blanks, what cannot be seen, and the last letter's accent alone are no loss."""
    kept = text[:-cut]
    mine, held = comparable(text), comparable(kept)
    lost_an_accent = not mine.startswith(held) and without_accents(mine) == without_accents(held)
    assert is_whole(text, kept) is (mine == held or lost_an_accent)


def without_accents(text: str) -> str:
    """Return the text without marks that stand on letters."""
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
