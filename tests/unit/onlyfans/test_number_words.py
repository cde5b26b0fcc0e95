"""The words for thousands and millions that ship are those of CLDR, as Babel has them."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import babel
from babel.localedata import locale_identifiers

from huntaze_scraper.onlyfans import counts
from huntaze_scraper.onlyfans.counts import LARGEST, unit_of

FILE = Path(counts.__file__).with_name("number_words.json")


def words_of(identifier: str) -> Iterator[tuple[str, int]]:
    """Yield a language's words, each with what it multiplies by."""
    for plurals in babel.Locale.parse(identifier).compact_decimal_formats.values():
        for patterns in plurals.values():
            for magnitude, pattern in patterns.items():
                shown = pattern.pattern.partition(";")[0].replace("'", "")
                unit = unit_of(re.sub("0+", " ", shown))
                if unit and "0" in shown and int(magnitude) <= LARGEST:  # a word may also stand for one by itself
                    yield unit, int(magnitude) // 10 ** (shown.count("0") - 1)


def words() -> dict[str, dict[str, list[str]]]:
    """Return the words of all languages; in which, only where a word has several meanings, a region's after its language's."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for identifier in sorted(locale_identifiers()):
        tag = identifier.replace("_", "-")
        for unit, multiple in sorted(set(words_of(identifier))):
            known = found[unit][str(multiple)]
            if tag.partition("-")[0] not in known:
                known.append(tag)
    return {unit: each if len(each) > 1 else {multiple: [] for multiple in each} for unit, each in found.items()}


def test_the_words_are_those_of_the_unicode_consortium() -> None:
    """After an upgrade of Babel: UPDATE_SNAPSHOTS=1 agrees to the change."""
    if os.environ.get("UPDATE_SNAPSHOTS"):
        lines = [
            f"{json.dumps(unit, ensure_ascii=False)}: {json.dumps(each)}" for unit, each in sorted(words().items())
        ]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    assert json.loads(FILE.read_text(encoding="utf-8")) == words()
