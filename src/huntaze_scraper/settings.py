"""Settings of the two processes: read once from the environment; the infrastructure derives the variables from them."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

from huntaze_scraper.errors import HuntazeError


class InvalidSettings(HuntazeError):
    """The environment lacks a variable or holds one that cannot be read: the process must not start."""


def setting(help_text: str, default: Any = MISSING) -> Any:
    """Declare a setting with its meaning; without a default it is required."""
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A process's settings. The variable of field ``state_table`` is ``STATE_TABLE``."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            InvalidSettings: names every variable that is missing or malformed, never its value.
        """
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for each in fields(cls):
            name = each.name.upper()
            if name not in env:
                if each.default is MISSING:
                    wrong.append(f"{name} is missing ({each.metadata['help']})")
                continue
            try:
                values[each.name] = _read(env[name], each.type)
            except ValueError:
                wrong.append(f"{name} is not of type {getattr(each.type, '__name__', each.type)}")
        settings = None if wrong else cls(**values)
        wrong = settings.contradictions() if settings else wrong
        if not settings or wrong:
            raise InvalidSettings("; ".join(wrong))
        return settings

    def contradictions(self) -> list[str]:
        """Say what of the settings is not possible, each in one line."""
        return []

    def to_env(self) -> dict[str, str]:
        """Write the settings as environment variables: what ``from_env`` reads back."""
        return {each.name.upper(): _write(getattr(self, each.name)) for each in fields(self)}


def _read(text: str, kind: Any) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    return kind(text)


def _write(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


SCOPES = PIPELINE, ACCOUNT = ("pipeline", "account")
"""What a limit is of: all accounts together, or each by itself."""


@dataclass(frozen=True, kw_only=True)
class LimitSettings(Settings):
    """The one limit, which both gates have: the limiter and the scraper."""

    rate_limit_capacity: int = setting("jobs that any window holds at most", 10)
    rate_limit_window_seconds: float = setting("length of the window, seconds", 60.0)
    rate_limit_scope: str = setting(
        "what the limit is of: pipeline (all accounts together) or account (each by itself)", "pipeline"
    )

    @property
    def queue_visibility(self) -> float:
        """The visibility of the queue that the process takes from, as it is deployed, seconds."""
        raise NotImplementedError

    def contradictions(self) -> list[str]:
        """Say what limit is none."""
        found = []
        if self.rate_limit_capacity < 1:
            found.append(f"RATE_LIMIT_CAPACITY is {self.rate_limit_capacity}, and must be 1 or more")
        if not 1 <= self.rate_limit_window_seconds < self.queue_visibility:
            found.append(
                f"RATE_LIMIT_WINDOW_SECONDS is {self.rate_limit_window_seconds:g}, and must be 1 or more and less than "
                f"the queue's visibility of {self.queue_visibility:g} s: a message in hand would come back before its turn"
            )
        if self.rate_limit_scope not in SCOPES:
            found.append(f"RATE_LIMIT_SCOPE must be {' or '.join(SCOPES)}")
        return found


INVOCATION_SECONDS = 30
"""How long the limiter has for a batch: the function's time-out."""


@dataclass(frozen=True, kw_only=True)
class RateLimiterSettings(LimitSettings):
    """The limiter's settings."""

    ingress_queue_url: str = setting("URL of the ingress queue")
    ingress_dlq_url: str = setting("URL of the queue for messages that can never be carried out")
    workflows_queue_url: str = setting("URL of the FIFO queue that feeds the scraper")
    state_table: str = setting("name of the DynamoDB table that holds the bucket and the ledger")
    line_table: str = setting("name of the DynamoDB table that holds the jobs that wait for their turns")
    rate_limit_clock_skew_seconds: float = setting(
        "the most by which clocks of two invocations may differ, seconds", 0.5
    )
    rate_limit_slack_seconds: float = setting(
        "what waiting messages come back later than their tokens do, to catch up with lateness, seconds", 0.5
    )
    ingress_visibility_seconds: int = setting(
        "visibility of a message in hand, seconds; the queue's own is the same", 180
    )

    @property
    def queue_visibility(self) -> float:
        """The ingress queue's visibility, seconds."""
        return self.ingress_visibility_seconds


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(LimitSettings):
    """The scraper's settings."""

    workflows_queue_url: str = setting("URL of the FIFO queue that feeds the scraper")
    workflows_dlq_url: str = setting("URL of the queue for jobs that failed too often")
    state_table: str = setting("name of the DynamoDB table that holds the ledger and the sessions")
    results_bucket: str = setting("name of the bucket for results")
    credentials_secret_id: str = setting("name of the default secret with the site's credentials")
    site_url: str = setting("address of the site", "https://onlyfans.com")
    media_hosts: str = setting(
        "hosts that media may come from, separated by commas; a leading dot takes in subdomains", ".onlyfans.com"
    )
    health_port: int = setting("port of the health endpoint", 3000)
    chromium_path: str = setting("Chromium to start; empty for Playwright's own", "")
    browser_locale: str = setting("language and region that pages see, such as en-US", "en-US")
    browser_time_zone: str = setting("time zone that pages see, such as Europe/Paris", "UTC")
    pages: int = setting("jobs of different accounts carried out at once", 4)
    rate_limit_account_requests: int = setting(
        "requests for pages and files that an account makes in any window at most; 0 for no limit", 0
    )
    max_failures: int = setting("counted failures after which a job moves to the workflows DLQ", 3)
    late_effect_seconds: float = setting(
        "for how long the site may act on a request that it did not answer, seconds", 120.0
    )
    max_receives: int = setting(
        "receives after which the queue moves a message to the DLQ by itself; the queue's own is the same", 1000
    )
    visibility_seconds: int = setting("visibility of a message in hand, seconds; the queue's own is the same", 300)
    stop_timeout_seconds: int = setting("time from SIGTERM to SIGKILL, seconds", 120)
    max_media_mebibytes: int = setting("largest media file taken, MiB", 512)
    metrics_by_creator: bool = setting("publish metrics by creator_id too, each creator being billed", default=True)

    @property
    def queue_visibility(self) -> float:
        """The workflows queue's visibility, seconds."""
        return self.visibility_seconds

    def contradictions(self) -> list[str]:
        """Say what limit is none."""
        found = super().contradictions()
        if self.rate_limit_account_requests < 0:
            found.append("RATE_LIMIT_ACCOUNT_REQUESTS must be 0 or more")
        return found


@dataclass(frozen=True, kw_only=True)
class RotationSettings(Settings):
    """The settings of the function that changes the account's password."""

    site_url: str = setting("address of the site", "https://onlyfans.com")
