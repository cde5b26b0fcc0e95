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
        if wrong:
            raise InvalidSettings("; ".join(wrong))
        return cls(**values)

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


@dataclass(frozen=True, kw_only=True)
class RateLimiterSettings(Settings):
    """The limiter's settings."""

    ingress_queue_url: str = setting("URL of the ingress queue")
    ingress_dlq_url: str = setting("URL of the queue for messages that can never be carried out")
    workflows_queue_url: str = setting("URL of the FIFO queue that feeds the scraper")
    state_table: str = setting("name of the DynamoDB table that holds the bucket and the ledger")
    rate_limit_capacity: int = setting("messages forwarded at most in any window", 10)
    rate_limit_window_seconds: float = setting("length of the window, seconds", 60.0)
    rate_limit_clock_skew_seconds: float = setting(
        "the most by which clocks of two invocations may differ, seconds", 2.0
    )
    rate_limit_slack_seconds: float = setting(
        "what waiting messages come back later than their tokens do, to catch up with lateness, seconds", 2.0
    )


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(Settings):
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
    pages: int = setting("jobs of different accounts carried out at once", 4)
    max_failures: int = setting("counted failures after which a job moves to the workflows DLQ", 3)
    visibility_seconds: int = setting("visibility of a message in hand, seconds; the queue's own is the same", 300)
    stop_timeout_seconds: int = setting("time from SIGTERM to SIGKILL, seconds", 120)
    max_media_mebibytes: int = setting("largest media file taken, MiB", 512)
    metrics_by_creator: bool = setting("publish metrics by creator_id too, each creator being billed", default=True)


@dataclass(frozen=True, kw_only=True)
class RotationSettings(Settings):
    """The settings of the function that changes the account's password."""

    site_url: str = setting("address of the site", "https://onlyfans.com")
