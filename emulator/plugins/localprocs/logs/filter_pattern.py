"""Filter patterns: which log events a search, a subscription or a metric filter means.

A pattern is a line of terms (``ERROR -health ?a ?b "a phrase" %reg.x%``), an expression on JSON
(``{ $.status = 4* && $.retries > 2 }``) or on the words of a line (``[ip, user, status >= 400, ...]``), as the CloudWatch
Logs User Guide, "Filter pattern syntax", has them.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from localprocs.logs import word_pattern
from localprocs.logs.json_pattern import parse_json_pattern
from localprocs.logs.pattern_syntax import InvalidPattern

__all__ = ["FilterPattern", "InvalidPattern", "parse"]

_TERM = re.compile(r'\s*(?P<mark>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>[^\s"]+))')


class FilterPattern:
    """A pattern that was understood."""

    def __init__(self, matches: Callable[[str], Mapping[str, Any] | None]) -> None:
        """Take what finds a message's named values, or says that it does not match."""
        self._matches = matches

    def matches(self, message: str) -> bool:
        """Whether an event's message is meant."""
        return self._matches(message) is not None

    def value(self, message: str, selector: str) -> Any:
        """Return what ``$.field`` of JSON, or ``$name`` of words, is in a message that matches; None where it is not."""
        found = self._matches(message)
        return None if found is None else found.get(selector)


@lru_cache(256)
def parse(pattern: str) -> FilterPattern:
    """Understand a pattern; an empty one means all events.

    Raises:
        InvalidPattern: it makes no sense; the text says why.
    """
    text = pattern.strip()
    if text.startswith("{"):
        return FilterPattern(_of_json(text))
    if text.startswith("["):
        return FilterPattern(word_pattern.parse(text))
    terms = _terms(text)
    return FilterPattern(lambda message: {} if terms(message) else None)


def _of_json(text: str) -> Callable[[str], Mapping[str, Any] | None]:
    condition = parse_json_pattern(text)

    def matches(message: str) -> Mapping[str, Any] | None:
        try:
            document = json.loads(message)
        except ValueError:
            return None
        return condition.values(document) if isinstance(document, dict | list) and condition.holds(document) else None

    return matches


def _terms(text: str) -> Callable[[str], bool]:
    wanted: dict[str, list[Callable[[str], bool]]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if not found:
            raise InvalidPattern(f"Invalid filter pattern: a quotation mark is not closed in {text!r}")
        position = found.end()
        wanted[found["mark"]].append(_one(found))

    def matches(message: str) -> bool:
        # What is optional counts only where nothing is required.
        is_any = bool(wanted["?"]) and not wanted[""]
        return (
            all(term(message) for term in wanted[""])
            and not any(term(message) for term in wanted["-"])
            and (not is_any or any(term(message) for term in wanted["?"]))
        )

    return matches


def _one(found: re.Match[str]) -> Callable[[str], bool]:
    if found["regex"] is not None:
        try:
            expression = re.compile(found["regex"])
        except re.error as error:
            raise InvalidPattern(f"Invalid regex in filter pattern: {error}") from None
        return lambda message: bool(expression.search(message))
    if found["phrase"] is not None:
        phrase = found["phrase"].replace('\\"', '"').replace("\\\\", "\\")
        return lambda message: phrase in message
    word = found["word"]
    if not re.fullmatch(r"\w+", word):
        strange = re.sub(r"\w", "", word)[0]
        raise InvalidPattern(f"Invalid character(s) in term '{word}': put a term with {strange!r} in quotation marks")
    return lambda message: word in message
