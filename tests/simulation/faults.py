"""What can go wrong, each a line of the plan: when, where, for how long. Nothing else does go wrong."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault."""

    at: float
    """Seconds after the world began; from then on it waits for what it is to hit."""
    kind: str
    where: str = ""
    """What it hits: a service, one of its operations, ``@`` and a step of our code, a process's kind, an account."""
    skip: int = 0
    """How many fitting calls, requests or steps go by before."""
    seconds: float = 0.0
    """How long it lasts, where it lasts."""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", 0)}

    @classmethod
    def read(cls, item: dict[str, Any]) -> Self:
        return cls(**{"at": 0.0, **item})

    def __str__(self) -> str:
        lasting = f" for {self.seconds:g} s" if self.seconds else ""
        skipped = f", after {self.skip} that went by" if self.skip else ""
        return f"{self.kind.replace('_', ' ')}{f' at {self.where}' if self.where else ''}{lasting}{skipped}"


AT_CALLS = (
    "lost_request", "lost_answer", "refused", "throttled", "slow", "conflict", "failed_entry",
    "killed_before_call", "killed_after_call", "stalled",
)  # fmt: skip
"""Met by one call to a service."""
AT_REQUESTS = (
    "site_error", "site_error_acted", "gateway_gave_up", "gateway_gave_up_acted_late", "no_answer", "no_answer_acted",
    "no_answer_acted_late", "reset", "limited", "challenge", "odd_page", "refused_by_site", "page_crashed",
    "killed_at_request", "site_error_and_deleted",
)  # fmt: skip
"""Met by one request to the site."""
AT_PROCESSES = ("killed_at_step", "sigterm", "spot", "frozen")
"""Met by one process."""
AT_ACCOUNTS = (
    "session_expired",
    "rotation",
    "account_fails",
    "account_silent",
    "fan_fails",
    "stuck_pages",
    "log_in_refused",
)
"""Met by whatever is done for one account."""
IN_THE_WORLD = (
    "outage", "site_outage", "site_limits", *AT_ACCOUNTS, "deployment", "scaled_out", "scaled_in", "replay",
    "scope_switched", "capture", "delivered_twice", "deletion_lost", "duplicate_job", "unclear_job", "browser_gone", "account_slow",
)  # fmt: skip
"""Met by whoever is there."""
THE_SITES = (
    *(it for it in AT_REQUESTS if it != "killed_at_request"), *AT_ACCOUNTS, "site_outage", "site_limits", "account_slow",
    "browser_gone", "unclear_job", "capture",
)  # fmt: skip
"""Which no process of ours and no store feels."""
KINDS = AT_CALLS + AT_REQUESTS + AT_PROCESSES + IN_THE_WORLD
SERVICES = ("dynamodb", "sqs", "s3", "secretsmanager", "cloudwatch", "kms")
