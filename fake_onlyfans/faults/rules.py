"""The rules that a test posts, read, and the kinds of faults that they may name."""

from collections.abc import Mapping
from typing import Any

from fake_onlyfans.faults.autocorrect import Autocorrect
from fake_onlyfans.faults.challenge import Challenge
from fake_onlyfans.faults.commit_late import CommitLate
from fake_onlyfans.faults.crash import Crash
from fake_onlyfans.faults.delay import Delay
from fake_onlyfans.faults.dialog import Dialog
from fake_onlyfans.faults.disguise import Disguise
from fake_onlyfans.faults.drift import Drift
from fake_onlyfans.faults.drip import Drip
from fake_onlyfans.faults.expire_session import ExpireSession
from fake_onlyfans.faults.fault import Fault, InvalidRule
from fake_onlyfans.faults.forget_message import ForgetMessage
from fake_onlyfans.faults.hang import Hang
from fake_onlyfans.faults.locale import Locale
from fake_onlyfans.faults.log_in_form import LogInForm
from fake_onlyfans.faults.markup import Markup
from fake_onlyfans.faults.pop_up import PopUp
from fake_onlyfans.faults.repeat import Repeat
from fake_onlyfans.faults.reset import Reset
from fake_onlyfans.faults.rewrite import Rewrite
from fake_onlyfans.faults.rule import Match, Rule
from fake_onlyfans.faults.status import Status
from fake_onlyfans.faults.truncate import Truncate

KINDS: Mapping[str, type[Fault]] = {
    kind.kind: kind
    for kind in (
        *(Status, Delay, Hang, Reset, Challenge, ExpireSession, Drift, Crash, Truncate, LogInForm, PopUp),
        *(Drip, Disguise, Repeat, Markup, Locale),
        *(CommitLate, Rewrite, ForgetMessage, Dialog, Autocorrect),
    )
}
METHODS = ("GET", "HEAD", "POST")


def read_rules(value: object) -> list[Rule]:
    """Read the body of ``POST faults``.

    Raises:
        InvalidRule: names the first rule that cannot be understood, counted from 1, and what is allowed there.
    """
    if not isinstance(value, list):
        raise InvalidRule("the body is a list of rules: [{match, fault, times}, …]; [] clears them")
    rules = []
    for number, each in enumerate(value, 1):
        try:
            rules.append(_read_rule(each))
        except InvalidRule as error:
            raise InvalidRule(f"rule {number}: {error}") from None
    return rules


def read_match(value: object) -> Match:
    """Read a ``match`` without its ``nth``.

    Raises:
        InvalidRule: a field is unknown or malformed.
    """
    options = _fields(value, "match", ("method", "path", "account"))
    for name, each in options.items():
        if each is not None and (not isinstance(each, str) or not each):
            raise InvalidRule(f'"match.{name}" is {each!r}; allowed: a text')
    method = options.get("method")
    if method is not None and method.upper() not in METHODS:
        raise InvalidRule(f'"match.method" is {method!r}; allowed: {", ".join(METHODS)}')
    return Match(method=method and method.upper(), path=options.get("path"), account=options.get("account"))


def _read_rule(value: object) -> Rule:
    rule = _fields(value, "rule", ("match", "fault", "times"))
    match = dict(_fields(rule.get("match", {}), "match", ("method", "path", "account", "nth", "after", "before")))
    nth = match.pop("nth", None)
    moments = {name: _read_moment(name, match.pop(name)) for name in ("after", "before") if name in match}
    fault = rule.get("fault")
    kind = fault.get("kind") if isinstance(fault, dict) else fault
    if not isinstance(fault, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise InvalidRule(f'"fault.kind" is {kind!r}; allowed: {", ".join(KINDS)}')
    options = {name: each for name, each in fault.items() if name != "kind"}
    return Rule(
        match=read_match(match),
        fault=KINDS[kind].read(options),
        nth=_read_nth(nth),
        **moments,
        times=_read_times(rule.get("times")),
    )


def _read_nth(value: object) -> frozenset[int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(_is_count(each) for each in value):
        raise InvalidRule(f'"match.nth" is {value!r}; allowed: a list of numbers, the first matching request being 1')
    return frozenset(value)


def _read_moment(name: str, value: object) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidRule(f'"match.{name}" is {value!r}; allowed: a moment, in seconds since the epoch')
    return value


def _read_times(value: object) -> int | None:
    if value is not None and not _is_count(value):
        raise InvalidRule(f'"times" is {value!r}; allowed: a number from 1, or null for always')
    return value  # type: ignore[return-value]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _fields(value: object, name: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRule(f'"{name}" is {value!r}; allowed: an object with {", ".join(allowed)}')
    if unknown := sorted(set(value) - set(allowed)):
        raise InvalidRule(f'"{name}" has no field "{unknown[0]}"; allowed: {", ".join(allowed)}')
    return value
