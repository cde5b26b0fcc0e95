"""Rules of faults: which calls fail, are late, or are done and not answered. Pure: a call in, what befalls it out.

The fields are those of LocalStack's Chaos API (``service``, ``operation``, ``region``, ``probability``, ``error``) and
more: ``nth``, ``times``, ``throttle``, ``lost``, ``latency`` (milliseconds), ``role`` and ``callers``.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

CALLERS = ("roles", "all")
FIELDS = {
    "service": str,
    "operation": str,
    "region": str,
    "role": str,
    "probability": (int, float),
    "error": dict,
    "latency": (int, float),
    "nth": list,
    "times": int,
    "throttle": bool,
    "lost": bool,
    "callers": str,
}
LONGEST_LATENCY_MILLIS = 24 * 3600 * 1000
_THROTTLES = {
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "ec2": (503, "RequestLimitExceeded"),
    "lambda": (429, "TooManyRequestsException"),
    "s3": (503, "SlowDown"),
    "sqs": (403, "RequestThrottled"),
    **dict.fromkeys(("cloudformation", "cloudwatch", "iam", "sns", "sts"), (400, "Throttling")),
}


class InvalidRule(Exception):
    """What was given is no rule; the text says why."""


@dataclass(frozen=True)
class Call:
    """A call of a service."""

    service: str
    operation: str
    region: str
    role: str = ""
    """The ARN of the caller's role; nothing for callers without one."""


@dataclass(frozen=True)
class Failure:
    """What a call is answered instead."""

    status: int = 503
    code: str = "ServiceUnavailable"
    message: str = "the fault that was asked for"


@dataclass(frozen=True)
class Effect:
    """What befalls a call."""

    latency_seconds: float = 0.0
    failure: Failure | None = None
    is_lost: bool = False
    """It is done, and not answered."""


@dataclass
class Rule:
    """A rule, and how many calls it has matched and met."""

    given: Mapping[str, Any]
    matched: int = 0
    met: int = 0
    draws: random.Random = field(default_factory=random.Random)

    def meets(self, call: Call) -> bool:
        """Whether the call, the next that it matches, is one that it means."""
        if not self._matches(call):
            return False
        self.matched += 1
        nth, times = self.given.get("nth"), self.given.get("times")
        drawn = self.draws.random()
        is_met = (
            (nth is None or self.matched in nth)
            and (times is None or self.met < times)
            and drawn < self.given.get("probability", 1.0)
        )
        self.met += is_met
        return is_met

    def failure(self, call: Call) -> Failure | None:
        """Return what it answers a call that it meets; None where it lets it be done."""
        if self.given.get("throttle"):
            status, code = _THROTTLES.get(call.service, (400, "ThrottlingException"))
            return Failure(status, code, "Rate exceeded")
        if "error" in self.given or not (self.given.get("lost") or "latency" in self.given):
            error = self.given.get("error", {})
            usual = Failure()
            message = error.get("message", usual.message)
            return Failure(error.get("statusCode", usual.status), error.get("code", usual.code), message)
        return None

    def _matches(self, call: Call) -> bool:
        if self.given.get("callers", "roles") == "roles" and not call.role:
            return False
        named = {"service": call.service, "operation": call.operation, "region": call.region, "role": call.role}
        return all(fnmatchcase(value, self.given[name]) for name, value in named.items() if name in self.given)


class Rules:
    """The rules in force."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._seed = 0

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._rules)

    def set(self, given: Sequence[Mapping[str, Any]], seed: int = 0) -> None:
        """Let these be the rules; what is left to chance is drawn from the seed."""
        checked = [checked_rule(each) for each in given]
        with self._lock:
            self._seed, self._rules = seed, []
        self._append(checked)

    def add(self, given: Sequence[Mapping[str, Any]]) -> list[Rule]:
        """Add rules, and return them as they are kept."""
        return self._append([checked_rule(each) for each in given])

    def remove(self, given: Sequence[Mapping[str, Any]]) -> None:
        """Remove rules that are the same as these."""
        with self._lock:
            self._rules = [rule for rule in self._rules if dict(rule.given) not in [dict(each) for each in given]]

    def drop(self, rules: Sequence[Rule]) -> None:
        """Remove these very rules."""
        with self._lock:
            self._rules = [rule for rule in self._rules if not any(rule is each for each in rules)]

    def listed(self) -> list[dict[str, Any]]:
        """Return the rules as they were given, each with how many calls it ``met``."""
        with self._lock:
            return [{**rule.given, "met": rule.met} for rule in self._rules]

    def effect(self, call: Call) -> Effect:
        """Return what befalls a call: delays add up, the first failure counts."""
        with self._lock:
            meeting = [rule for rule in self._rules if rule.meets(call)]
        failures = [failure for rule in meeting if (failure := rule.failure(call))]
        return Effect(
            sum(rule.given.get("latency", 0) for rule in meeting) / 1000,
            failures[0] if failures else None,
            any(rule.given.get("lost") for rule in meeting),
        )

    def _append(self, checked: Sequence[Mapping[str, Any]]) -> list[Rule]:
        with self._lock:
            first = len(self._rules)
            added = [
                Rule(each, draws=random.Random(f"{self._seed}/{first + n}"))  # noqa: S311 - repeatable on purpose
                for n, each in enumerate(checked)
            ]
            self._rules += added
            return added


def checked_rule(given: Any) -> Mapping[str, Any]:
    """Return a rule as it was given.

    Raises:
        InvalidRule: it is none.
    """
    if not isinstance(given, dict):
        raise InvalidRule("a rule is an object")
    if unknown := given.keys() - FIELDS.keys():
        raise InvalidRule(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(FIELDS))}")
    for name, value in given.items():
        kind: Any = FIELDS[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise InvalidRule(f"{name} is {value!r}")
    if not 0 <= given.get("probability", 1) <= 1:
        raise InvalidRule("probability lies from 0 to 1")
    if not 0 <= given.get("latency", 0) <= LONGEST_LATENCY_MILLIS:
        raise InvalidRule(f"latency lies from 0 to {LONGEST_LATENCY_MILLIS} milliseconds")
    if given.get("callers", "roles") not in CALLERS:
        raise InvalidRule(f"callers: one of {', '.join(CALLERS)}")
    if not all(isinstance(number, int) and number > 0 for number in given.get("nth", [])):
        raise InvalidRule("nth lists whole numbers from 1 on")
    status = given.get("error", {}).get("statusCode", 503)
    if not isinstance(status, int) or not 400 <= status <= 599:  # noqa: PLR2004 - errors of HTTP
        raise InvalidRule("error.statusCode lies from 400 to 599")
    return given
