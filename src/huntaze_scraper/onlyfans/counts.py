"""Counts as sites write them, in any language: read right, or not at all.

Which words stand for thousands and millions comes from Unicode's CLDR, and lies in ``number_words.json`` beside this.
Where words or marks could mean two numbers, there is no reading: ``1,204K``; a ``B`` in Turkish, which is a billion
to most sites and a thousand to the language.
"""

# ruff: noqa: RUF001 marks and digits that look alike are what this is about
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

LARGEST = 10**15
LONGEST_TEXT = 60
EVERYWHERE = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
"""What sites write by themselves, whatever the language."""

_SAME = str.maketrans(dict.fromkeys("’‘ʼ＇`´٬⹁", "'") | {"，": ",", "．": ".", "،": ","})
_NUMBER = re.compile(r"[0-9]+(?:[ ,.'٫][0-9]+)*")
_MARK = re.compile(r"[^0-9]")
_WESTERN = re.compile(r"[1-9][0-9]{0,2}([ ,.'])[0-9]{3}(?:\1[0-9]{3})*")
_INDIAN = re.compile(r"[1-9][0-9]?([ ,.'])(?:[0-9]{2}\1)+[0-9]{3}")
_PLAIN = re.compile(r"0|[1-9][0-9]*")


class Unreadable(ValueError):
    """The text is no count, or could be more than one."""


def count(text: str, languages: Iterable[str] = ("en",), labels: Iterable[str] = ()) -> int:
    """Read a count, such as ``1,204``, ``1 204``, ``3,4 тыс.``, ``१,२०४``.

    Args:
        text: as it is shown.
        languages: those in which it may be written, as BCP 47 names them; where two disagree, there is no reading.
        labels: words that may stand beside the number, in small letters.

    Raises:
        Unreadable: there is no number, or more than one, or it could mean several.
    """
    plain = unit_of(text)
    numbers = _NUMBER.findall(plain) if len(plain) <= LONGEST_TEXT else []
    if len(numbers) != 1:
        raise Unreadable(text)
    words = [word for word in plain.replace(numbers[0], " ").split() if word.strip(":") not in labels]
    value = _value(numbers[0], has_unit=bool(words)) * (_multiple(" ".join(words), languages) if words else 1)
    if not value.is_finite() or value != value.to_integral_value() or value > LARGEST:
        raise Unreadable(text)
    return int(value)


def unit_of(text: str) -> str:
    """Return a text in the one spelling in which numbers and words are compared here."""
    spelled = "".join(map(_letter, unicodedata.normalize("NFC", text))).translate(_SAME).casefold()
    return " ".join(word.rstrip(".") for word in spelled.split(" ")).strip()


def _letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    # Marks that only tell a direction, or nothing, are not seen; a line's end is no blank within a number.
    return {"Cf": "", "Zs": " "}.get(category, letter)


def _value(number: str, *, has_unit: bool) -> Decimal:
    """Return what digits and marks mean; NaN where that is not certain."""
    marks = _MARK.findall(number)
    whole, fraction = number, ""
    if marks and _ends_in_a_fraction(number, marks, has_unit=has_unit):
        whole, _, fraction = number.rpartition(marks[-1])
        if not has_unit:
            return Decimal("NaN")  # nobody has half a fan
    elif has_unit and len(marks) == 1 and marks[0] in ",." and not whole.startswith("0"):
        return Decimal("NaN")  # a thousandth, or the thousands
    if not any(shape.fullmatch(whole) for shape in (_PLAIN, _WESTERN, _INDIAN)):
        return Decimal("NaN")
    return Decimal(f"{_MARK.sub('', whole)}.{fraction or 0}")


def _ends_in_a_fraction(number: str, marks: list[str], *, has_unit: bool) -> bool:
    last = marks[-1]
    if last == "٫":
        return True
    if last not in ",." or marks.count(last) > 1:
        return False
    if len(marks) > 1:
        return True
    return has_unit and (len(number.rpartition(last)[2]) != len("000") or number.startswith("0"))


def _multiple(unit: str, languages: Iterable[str]) -> Decimal:
    """Return by how much a word multiplies; NaN where nobody knows it, or two disagree."""
    asked = {
        part
        for language in languages
        for part in (language.replace("_", "-"), language.replace("_", "-").partition("-")[0])
    }
    meanings = _words().get(unit, {})
    meant = {int(multiple) for multiple, known in meanings.items() if asked & set(known)}
    meant = meant or (set() if unit in EVERYWHERE else {int(multiple) for multiple in meanings})
    if unit in EVERYWHERE:
        meant.add(EVERYWHERE[unit])
    return Decimal(meant.pop()) if len(meant) == 1 else Decimal("NaN")


@cache
def _words() -> Mapping[str, Mapping[str, list[str]]]:
    """Return the words, each with what it multiplies by, and in which languages."""
    found: Mapping[str, Mapping[str, list[str]]] = json.loads(
        files(__package__ or "").joinpath("number_words.json").read_text(encoding="utf-8")
    )
    return found
