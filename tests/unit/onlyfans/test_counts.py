"""Counts as the world's languages write them: read right, or not at all."""

# ruff: noqa: RUF001 marks and digits that look alike are what this is about
import sys
import unicodedata
from contextlib import suppress
from decimal import Decimal

import babel
import pytest
from babel.localedata import locale_identifiers
from babel.numbers import format_compact_decimal, format_decimal
from hypothesis import example, given
from hypothesis import strategies as st

from huntaze_scraper.onlyfans.counts import Unreadable, count

pytestmark = pytest.mark.requirement("9.8")

LABELS = ("posts", "likes")
LOCALES = [each for each in sorted(locale_identifiers()) if each != "root"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("0", 0), ("216", 216), ("1204", 1204), ("1,204", 1204), ("218 363", 218363), ("12 posts", 12), ("Posts: 12", 12)],
        *[("1\u202f204", 1204), ("1\xa0204", 1204), ("1\u2009204", 1204), ("1’204", 1204), ("1'204", 1204), ("1.204", 1204)],
        *[("12,34,567", 1234567), ("1,00,000", 100000), ("1.234.567", 1234567), ("1 234 567", 1234567)],
        *[("١٬٢٠٤", 1204), ("۱٬۲۰۴", 1204), ("१,२०४", 1204), ("၁၂၀၄", 1204), ("１，２０４", 1204)],
        *[("3.4K", 3400), ("3,4K", 3400), ("3,4k", 3400), ("1.25m", 1_250_000), ("1.2B", 1_200_000_000), ("12K", 12_000)],
        *[("1,204.5K", 1_204_500), ("1.204,5K", 1_204_500), ("1 204,5 K", 1_204_500), ("0.123M", 123_000)],
        *[("3.4 Mio", 3_400_000), ("3,4\xa0Mio.", 3_400_000), ("3,4 тыс.", 3400), ("1,2 млн", 1_200_000), ("3.4万", 34_000)],
        *[("٣٫٤\xa0ألف", 3400), ("1,2 Mrd.", 1_200_000_000), ("\u200f1,204\u200f", 1204), ("\u20661,204\u2069", 1204)],
    ],
)  # fmt: skip
def test_a_count_is_read_as_sites_write_it(text: str, number: int) -> None:
    """Marks, digits, multiples and directions of many languages, in a browser that speaks English."""
    assert count(text, ["en-US"], LABELS) == number


@pytest.mark.parametrize(
    ("text", "languages", "number"),
    [
        ("1,2 mil", ["es"], 1200),
        ("1,2 mil", ["pt-BR"], 1200),
        ("1,2 mil.", ["cs-CZ"], 1_200_000),
        ("1,2 rb", ["id"], 1200),
        ("34 L", ["en-IN"], 3_400_000),
        ("1.2Cr", ["en-IN", "en-US"], 12_000_000),
        ("12 mil M", ["es-ES"], 12_000_000_000),
        ("elfu 12", ["sw"], 12_000),
    ],
)
def test_a_word_that_languages_differ_about_is_read_in_the_pages(text: str, languages: list[str], number: int) -> None:
    """What is a thousand in one is a million in another."""
    assert count(text, languages) == number


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "—", "…", "n/a", "posts", "-5", "−5", "+5", "~5", "<1K", "999+", "1K+", "5%", "$5", "1/2", "½", "1²", "Ⅻ"],
        *["#1: 500", "1 of 500", "12 345 6", "1 2", "1  204", "1\n204", "1,2", "1.2", "1,20", "12.5", "1,204.50", "1.204,5"],
        *["1,204K", "1.204M", "1,204 тыс.", "01,204", "1,2,3", "1,2.3.4", "1,2345", "12,34,56", "0,500", "007", "1.2345K"],
        *["1.2X", "3.4 Foo", "12 Foo", "1,2 mil", "1h 5m", "2025-01-01", "1e5", "0x10", "9" * 70, "9" * 17, "K", "1KK", "1 K M"],
        *["1,2\xa0B tr"],
    ],
)  # fmt: skip
def test_what_is_doubtful_is_not_read(text: str) -> None:
    """No number, several, one of several meanings, or words that nobody knows."""
    with pytest.raises(Unreadable):
        count(text, ["en-US"], LABELS)


@pytest.mark.parametrize(
    ("text", "languages"),
    [("1,2 B", ["tr"]), ("1.2B", ["en", "tr"]), ("1,2 M", ["id"]), ("3 B", ["es"]), ("1,2 mil", ["es", "cs"])],
)
def test_where_two_languages_disagree_there_is_no_reading(text: str, languages: list[str]) -> None:
    """Whether the page's, the browser's, or what sites write everywhere."""
    with pytest.raises(Unreadable):
        count(text, languages)


ZEROS = [each for each in range(sys.maxunicode) if unicodedata.decimal(chr(each), None) == 0]


def in_digits(text: str, zero: int) -> str:
    """Write a text's digits as another script does: Babel leaves that to whoever shows them."""
    return text.translate({ord("0") + digit: zero + digit for digit in range(10)})


@given(locale=st.sampled_from(LOCALES), number=st.integers(0, 10**12), zero=st.sampled_from(ZEROS))
@example(locale="gsw", number=10**9, zero=ord("0"))  # which Babel writes as 1000000'000
def test_any_number_in_any_locale_is_read_as_it_was_written(locale: str, number: int, zero: int) -> None:
    """Grouped as the locale groups, in its digits; the browser's language alone is known. What groups by two is refused."""
    text = in_digits(format_decimal(number, locale=locale, numbering_system="default"), zero)
    try:
        assert count(text, ["en-US"]) == count(text, [locale]) == number
    except Unreadable:
        assert number >= 10**9 or locale.startswith("tok")


@given(
    locale=st.sampled_from(LOCALES),
    digits=st.integers(1, 999),
    zeros=st.integers(0, 9),
    style=st.sampled_from(["short", "long"]),
    zero=st.sampled_from(ZEROS),
    other=st.sampled_from([None, "en-US", "tr-TR", "id-ID", "es-ES"]),
)
@example(locale="tr", digits=12, zeros=2, style="short", zero=0x660, other="en-US")
@example(locale="id", digits=12, zeros=8, style="short", zero=ord("0"), other=None)
def test_any_short_form_in_any_locale_is_read_right_or_refused(
    locale: str, digits: int, zeros: int, style: str, zero: int, other: str | None
) -> None:
    """Thousands, millions, lakhs, myriads: never another number than was written, whatever the browser speaks."""
    number = digits * 10**zeros
    patterns = babel.Locale.parse(locale).compact_decimal_formats[style].values()
    if any(";" in pattern.pattern for each in patterns for pattern in each.values()):
        return  # Babel counts the digits of a pattern's negative half as well, and writes another number
    text = format_compact_decimal(
        Decimal(number), format_type=style, locale=locale, fraction_digits=3, numbering_system="default"
    )
    text = in_digits(text, zero)
    with suppress(Unreadable):
        assert count(text, [locale] if other is None else [other, locale]) == number


@given(number=st.integers(1, 999), zeros=st.integers(1, 7))
@pytest.mark.parametrize(
    "locale", ["en", "de", "fr", "it", "pt", "ru", "uk", "pl", "ja", "ko", "zh", "ar_EG", "fa", "hi", "sv"]
)
def test_short_forms_of_the_languages_that_are_used_most_are_read(locale: str, number: int, zeros: int) -> None:
    """Not only never wrong: read."""
    number *= 10**zeros
    text = format_compact_decimal(number, locale=locale, fraction_digits=2, numbering_system="default")
    text = in_digits(text, 0x660 if locale.startswith("ar") else 0x6F0 if locale == "fa" else ord("0"))
    assert count(text, [locale]) == number


@given(st.text(max_size=80), st.lists(st.text(max_size=8), max_size=3))
def test_any_text_is_a_count_or_none(text: str, languages: list[str]) -> None:
    """A number that is not negative, or Unreadable; nothing else."""
    with suppress(Unreadable):
        assert count(text, languages) >= 0
