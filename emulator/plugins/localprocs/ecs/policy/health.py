"""A container's health, from its probes, as Docker counts them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

START_INTERVAL_SECONDS = 5.0


@dataclass(frozen=True)
class Check:
    """A container's health check; seconds."""

    interval: float = 30.0
    timeout: float = 5.0
    retries: int = 3
    start_period: float = 0.0

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> "Check":
        """Read the healthCheck of a container definition."""
        return cls(
            float(definition.get("interval") or 30),
            float(definition.get("timeout") or 5),
            int(definition.get("retries") or 3),
            float(definition.get("startPeriod") or 0),
        )


@dataclass(frozen=True)
class Health:
    """The verdict so far, and the failures in a row that led to it."""

    status: str = "UNKNOWN"
    failures: int = 0


def after_probe(health: Health, check: Check, *, passed: bool, age: float) -> Health:
    """Return the health after one more probe of a container that started ``age`` seconds ago.

    Within the start period failures do not count, unless a probe has passed before.
    """
    if passed:
        return Health("HEALTHY")
    if health.status == "UNKNOWN" and age < check.start_period:
        return health
    failures = health.failures + 1
    return replace(health, failures=failures, status="UNHEALTHY" if failures >= check.retries else health.status)


def next_probe_seconds(health: Health, check: Check, age: float) -> float:
    """Return the wait before the next probe: shorter within the start period, until the first verdict."""
    if health.status == "UNKNOWN" and age < check.start_period:
        return min(START_INTERVAL_SECONDS, check.interval)
    return check.interval
