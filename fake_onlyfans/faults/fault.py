"""What every fault is, and how its options are read."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Literal, Self, get_args

from starlette.types import ASGIApp, Scope

type When = Literal["before", "after"]


class InvalidRule(ValueError):
    """A rule that the site does not understand; the text says which part, and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One misbehaviour. Its fields are the options that a rule may give."""

    kind: ClassVar[str]

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""
        raise NotImplementedError

    def can_hit(self, scope: Scope) -> bool:  # noqa: ARG002 most faults can hit any request
        """Say whether the fault would change anything about a request; one that cannot be hit is let pass."""
        return True

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Self:
        """Read the options of a rule's ``fault``, its kind left out.

        Raises:
            InvalidRule: an option is missing, unknown or malformed.
        """
        known = {each.name: each for each in fields(cls)}
        if unknown := sorted(set(options) - set(known)):
            allowed = ", ".join(known) or "none"
            raise InvalidRule(f'kind "{cls.kind}" has no option "{unknown[0]}"; allowed: {allowed}')
        required = {name for name, each in known.items() if each.default is each.default_factory is MISSING}
        missing = [name for name in known if name in required and name not in options]
        if missing:
            raise InvalidRule(f'kind "{cls.kind}" needs "{missing[0]}"')
        fault = cls(**options)
        fault.check()
        return fault

    def check(self) -> None:
        """Raise InvalidRule where an option holds what it must not."""

    def as_json(self) -> dict[str, Any]:
        """Write the fault as a rule does."""
        options = {each.name: getattr(self, each.name) for each in fields(self)}
        return {"kind": self.kind, **{name: value for name, value in options.items() if value is not None}}


def check_when(value: object) -> None:
    """Refuse anything but "before" and "after" as the moment of a fault."""
    if value not in get_args(When.__value__):
        raise InvalidRule(f'"when" is {value!r}; allowed: "before", "after" (the site acts, then the fault comes)')


MOST_SECONDS = 10**9
"""Some thirty years: dates up to then can be written down."""


def check_seconds(name: str, value: object) -> None:
    """Refuse what is not a number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_SECONDS:
        raise InvalidRule(f'"{name}" is {value!r}; allowed: seconds, 0 to {MOST_SECONDS}')
