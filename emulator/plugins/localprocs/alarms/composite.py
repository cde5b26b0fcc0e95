"""The rule of a composite alarm: ALARM("a") AND NOT (OK("b") OR FALSE)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from localprocs.alarms.threshold import State

_TOKEN = re.compile(r"\s*(?:(?P<word>AND|OR|NOT|TRUE|FALSE|ALARM|OK|INSUFFICIENT_DATA)\b|(?P<mark>[()]))")
_NAME = re.compile(r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^()"'\s][^()"']*?))\s*\)""")

type StateOf = Callable[[str], State]
"""Returns the state of the alarm with this name or ARN; raises KeyError where there is none."""


class RuleError(ValueError):
    """The rule cannot be read."""


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class InState:
    """Whether the alarm is in the state."""

    state: State
    alarm: str


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    rule: "Rule"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Both."""

    left: "Rule"
    right: "Rule"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One or both."""

    left: "Rule"
    right: "Rule"


type Rule = Constant | InState | Not | AllOf | AnyOf


@lru_cache(maxsize=1000)
def parse(text: str) -> Rule:
    """Read a rule; NOT binds closer than AND, AND closer than OR. Raises RuleError."""
    reader = _Reader(text)
    rule = reader.any_of()
    if not reader.is_at_end():
        raise reader.error("an operator")
    return rule


def holds(rule: Rule, state_of: StateOf) -> bool:
    """Tell whether the rule is true of the alarms' states."""
    match rule:
        case Constant(value):
            return value
        case InState(state, alarm):
            return state_of(alarm) is state
        case Not(inner):
            return not holds(inner, state_of)
        case AllOf(left, right):
            return holds(left, state_of) and holds(right, state_of)
        case AnyOf(left, right):
            return holds(left, state_of) or holds(right, state_of)


def alarms_of(rule: Rule) -> Iterator[str]:
    """Name every alarm that the rule asks about, in order."""
    match rule:
        case InState(_, alarm):
            yield alarm
        case Not(inner):
            yield from alarms_of(inner)
        case AllOf(left, right) | AnyOf(left, right):
            yield from alarms_of(left)
            yield from alarms_of(right)


def triggers(rule: Rule, state_of: StateOf) -> list[str]:
    """Name the alarms that make the rule what it is now.

    Those asked for directly come first choice: one under a NOT is named only where no other is.
    """
    outcome = holds(rule, state_of)
    return (
        list(_supporting(rule, state_of, outcome, negated=False))
        or list(_supporting(rule, state_of, outcome, negated=True))
        or list(alarms_of(rule))
    )


def _supporting(rule: Rule, state_of: StateOf, outcome: bool, *, negated: bool) -> Iterator[str]:
    match rule:
        case InState(state, alarm):
            if not negated and (state_of(alarm) is state) is outcome:
                yield alarm
        case Not(inner):
            if negated:
                yield from _supporting(inner, state_of, not outcome, negated=False)
        case AllOf(left, right) | AnyOf(left, right):
            yield from _supporting(left, state_of, outcome, negated=negated)
            yield from _supporting(right, state_of, outcome, negated=negated)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def any_of(self) -> Rule:
        left = self._all_of()
        while self._takes("OR"):
            left = AnyOf(left, self._all_of())
        return left

    def is_at_end(self) -> bool:
        return not self._text[self._place :].strip()

    def error(self, expected: str) -> RuleError:
        return RuleError(
            f"AlarmRule: expected {expected} at position {self._place}: {self._text[self._place :][:40]!r}"
        )

    def _all_of(self) -> Rule:
        left = self._negation()
        while self._takes("AND"):
            left = AllOf(left, self._negation())
        return left

    def _negation(self) -> Rule:
        return Not(self._negation()) if self._takes("NOT") else self._term()

    def _term(self) -> Rule:
        if self._takes("("):
            rule = self.any_of()
            self._require(")")
            return rule
        for word, value in (("TRUE", True), ("FALSE", False)):
            if self._takes(word):
                return Constant(value)
        for state in State:
            if self._takes(state):
                self._require("(")
                return InState(state, self._name())
        raise self.error("ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or a parenthesis")

    def _name(self) -> str:
        found = _NAME.match(self._text, self._place)
        if not found:
            raise self.error("an alarm's name or ARN and a closing parenthesis")
        self._place = found.end()
        return found["double"] or found["single"] or found["bare"] or ""

    def _takes(self, token: str) -> bool:
        found = _TOKEN.match(self._text, self._place)
        if not found or (found["word"] or found["mark"]) != token:
            return False
        self._place = found.end()
        return True

    def _require(self, token: str) -> None:
        if not self._takes(token):
            raise self.error(repr(token))
