"""What is broken now: the site's rules and limit, services that are down or throttle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from emulator.harness.clients import http_client
from emulator.harness.run_file import Run


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """All that is in force."""

    rules: Sequence[Mapping[str, Any]] = field(default=())
    limit: Mapping[str, Any] | None = None
    outages: Sequence[Mapping[str, Any]] = field(default=())
    throttles: Sequence[Mapping[str, Any]] = field(default=())
    """Rules by which calls of a service fail, are late or are lost."""
    is_limiter_clock_wrong: bool = False

    @property
    def count(self) -> int:
        """How many things are broken."""
        return (
            len(self.rules) + len(self.outages) + len(self.throttles) + bool(self.limit) + self.is_limiter_clock_wrong
        )


def read(run: Run) -> Breakage:
    """Ask the site and the cloud."""
    variables = run.clients.lambda_.get_function_configuration(FunctionName=run.lambda_function)
    return Breakage(
        rules=_get(f"{run.site_url}/_control/faults"),
        limit=_get(f"{run.site_url}/_control/limits") or None,
        outages=_get(f"{run.aws_endpoint_url}/_emulator/outages")["outages"],
        throttles=_get(f"{run.aws_endpoint_url}/_emulator/faults")["rules"],
        is_limiter_clock_wrong=SKEW in variables.get("Environment", {}).get("Variables", {}),
    )


SKEW = "VCLOCK_SKEW_SECONDS"
"""The variable by which the limiter's environments are wrong about the date."""


def _get(url: str) -> Any:
    answer = http_client.get(url)
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        return None
    return answer.raise_for_status().json()
