"""A rule: which requests meet a fault, and how often."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault


@dataclass(frozen=True, kw_only=True)
class Match:
    """Which requests are meant; what is None is any. ``path`` is a glob over the decoded path, ``*`` takes in slashes."""

    method: str | None = None
    path: str | None = None
    account: str | None = None

    def fits(self, method: str, path: str, account: str | None) -> bool:
        """Decide whether a request is meant."""
        return (
            self.method in (None, method)
            and (self.path is None or fnmatchcase(path, self.path))
            and self.account in (None, account)
        )

    def as_json(self) -> dict[str, Any]:
        """Write what the match asks for."""
        asked = {"method": self.method, "path": self.path, "account": self.account}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(kw_only=True)
class Rule:
    """A fault for matching requests: for those whose number stands in ``nth``, at most ``times`` times."""

    match: Match
    fault: Fault
    nth: frozenset[int] | None = None
    after: float | None = None
    before: float | None = None
    """Only for requests that come from ``after`` on, and before ``before`` (epoch seconds); the others do not count."""
    times: int | None = None
    matched: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    def counts(self, method: str, path: str, account: str | None, now: float) -> bool:
        """Count the request if it matches, and decide whether it is one that the fault is for."""
        if not self.match.fits(method, path, account) or not self._is_in_time(now):
            return False
        self.matched += 1
        return self.nth is None or self.matched in self.nth

    def _is_in_time(self, now: float) -> bool:
        return (self.after is None or now >= self.after) and (self.before is None or now < self.before)

    def guard(self, app: ASGIApp) -> ASGIApp:
        """Return the site with the fault, as long as it may still come when the request gets there."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if (self.times is not None and self.fired >= self.times) or not self.fault.can_hit(scope):
                await app(scope, receive, send)
                return
            self.fired += 1
            scope["state"].setdefault("faults", []).append(self.fault.kind)
            await self.fault.wrap(app)(scope, receive, send)

        return guarded

    def as_json(self) -> dict[str, Any]:
        """Write the rule as it was posted, with how many requests matched and how often the fault came."""
        match = self.match.as_json() | ({} if self.nth is None else {"nth": sorted(self.nth)})
        match |= {name: at for name in ("after", "before") if (at := getattr(self, name)) is not None}
        counts = {"times": self.times, "matched": self.matched, "fired": self.fired}
        return {"match": match, "fault": self.fault.as_json(), **counts}
