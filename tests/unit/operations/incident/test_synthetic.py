import unicodedata
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper import text_shape
from huntaze_scraper.operations.incident.synthetic import KINDS, alike, from_shape

FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
SEED = b"a seed"
WHOLE = st.characters(exclude_categories=["Cs"])


@given(st.text(WHOLE, max_size=60))
def test_length_and_classes_stay(text: str) -> None:
    """Length, UTF-8, category, direction, digits, case and composition of each character stay; marks and emoji wholly."""
    made = alike(text, SEED)

    assert len(made) == len(text)
    for one, other in zip(text, made, strict=True):
        assert unicodedata.category(one) == unicodedata.category(other)
        assert unicodedata.bidirectional(one) == unicodedata.bidirectional(other)
        assert len(one.encode()) == len(other.encode())
        assert len(one.upper()) == len(other.upper())
        for form in FORMS:
            assert len(unicodedata.normalize(form, one)) == len(unicodedata.normalize(form, other))
        if not one.isalpha() and not unicodedata.category(one).startswith("N"):
            assert one == other


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789äöüéèñçшжדגבא", min_size=4))
def test_no_text_stays_itself(text: str) -> None:
    """What has letters or digits never stays as it was."""
    assert alike(text, SEED) != text


def test_a_decomposed_letter_stays_one_that_can_be_composed() -> None:
    """A letter and its mark are still what NFC makes one of; a composed one is still what NFD makes two of."""
    for text in ("e\u0301", "\u00e9", "a\u0308x", "Å"):
        made = alike(text, SEED)
        for form in FORMS:
            assert len(unicodedata.normalize(form, text)) == len(unicodedata.normalize(form, made)), text


def test_what_a_site_is_known_to_change_stays() -> None:
    """Links, dots, smileys, line ends, joined emoji and signs of direction are there still."""
    text = "Hi... :) https://a.example/x\r\n👩\u200d💻 \u200f\u05e9\u05dc\u05d0"
    made = alike(text, SEED)
    for kept in ("...", ":)", "https://", "\r\n", "👩\u200d💻", "\u200f"):
        assert kept in made
    assert "example" not in made


@given(st.integers(0, 400), st.lists(st.sampled_from(sorted(KINDS)), unique=True, max_size=4))
def test_a_text_that_is_gone_is_made_from_its_shape(length: int, kinds: list[str]) -> None:
    """A text has the length that the log tells, and something of each kind that was in it, as far as they fit."""
    made = from_shape(length, tuple(kinds), SEED)
    assert len(made) == length
    if length >= sum(len(KINDS[it]) for it in kinds):
        assert all(KINDS[it] in made for it in kinds)


def test_every_kind_that_the_log_tells_can_be_made() -> None:
    """What the limiter tells of a text's kinds is what a made text has an example of, and the other way round."""
    assert set(KINDS) == set(text_shape.KINDS)
    for kind, text in KINDS.items():
        assert kind in text_shape.kinds_of(text), kind
    assert text_shape.kinds_of("plain words, and no more.") == []
