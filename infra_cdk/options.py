"""What may be chosen at synthesis: read from CDK context, so that an assembly names all its inputs."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

from huntaze_scraper.settings import SCOPES, LimitSettings, RateLimiterSettings, WorkerSettings
from infra_cdk.growth import Growth, growth

CHOICES = {
    "rate_scope": SCOPES,
    "scaling": ("queue_depth", "backlog_per_task"),
    "metrics_by_creator": ("true", "false"),
}
TOGETHER = (
    ("vpc_id", "availability_zones", "private_subnet_ids"),
    ("ingress_queue_arn", "ingress_dlq_arn", "workflows_queue_arn", "workflows_dlq_arn"),
)


class InvalidOptions(Exception):
    """A context value that the app does not know or cannot use."""


def option(help_text: str, default: str = "") -> Any:
    """Declare an option with its meaning; empty means that the app makes the thing itself."""
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The app's options. Each is a CDK context key of the same name (``-c scaling=backlog_per_task``)."""

    vpc_id: str = option("existing VPC to run in; needs availability_zones, private_subnet_ids and its own endpoints")
    availability_zones: str = option("zones of the existing VPC's private subnets, separated by commas")
    private_subnet_ids: str = option("private subnets of the existing VPC, one a zone, with a way out to the site")
    alarm_topic_arn: str = option("existing SNS topic to notify instead of making huntaze-cost-alerts")
    ingress_queue_arn: str = option("existing ingress queue")
    ingress_dlq_arn: str = option("its dead-letter queue")
    workflows_queue_arn: str = option("existing FIFO queue that feeds the scraper")
    workflows_dlq_arn: str = option("its dead-letter queue")
    queues_key_arn: str = option("KMS key of the existing queues")
    metrics_by_creator: str = option(
        "whether metrics carry creator_id, which is billed by creator: true or false", "true"
    )
    rate_capacity: str = option("jobs that any window holds at most", str(LimitSettings.rate_limit_capacity))
    rate_window_seconds: str = option("length of the window, seconds", f"{LimitSettings.rate_limit_window_seconds:g}")
    rate_scope: str = option(
        "what the limit is of: pipeline (all accounts together) or account (each by itself)",
        LimitSettings.rate_limit_scope,
    )
    accounts: str = option(
        "in scope account, how many accounts work at once: concurrency, tasks and throughput follow from it", "10"
    )
    account_requests: str = option(
        "requests for pages and files that an account makes in any window at most; 0 for no limit",
        str(WorkerSettings.rate_limit_account_requests),
    )
    scaling: str = option("queue_depth (the plan's) or backlog_per_task", "queue_depth")

    @classmethod
    def names(cls) -> list[str]:
        """Return the context keys that the app knows."""
        return [each.name for each in fields(cls)]

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the options, and leave alone what else the context holds for the CDK.

        Raises:
            InvalidOptions: a value is not a text or not a possible one, or options that belong together are incomplete.
        """
        given = {each.name: context[each.name] for each in fields(cls) if context.get(each.name) is not None}
        for name, value in given.items():
            if not isinstance(value, str):
                raise InvalidOptions(f"context {name} must be a text, not {type(value).__name__}")
        options = cls(**given)
        options._check()
        return options

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """Read options that are nothing but options.

        Raises:
            InvalidOptions: as ``from_context``, or one is not known.
        """
        unknown = sorted(set(given) - set(cls.names()))
        if unknown:
            raise InvalidOptions(f"context {', '.join(unknown)} is not known; there is {', '.join(cls.names())}")
        return cls.from_context(given)

    def _check(self) -> None:
        for name, values in CHOICES.items():
            if getattr(self, name) not in values:
                raise InvalidOptions(f"context {name} must be {' or '.join(values)}, not {getattr(self, name)!r}")
        for group in TOGETHER:
            absent = [name for name in group if not getattr(self, name)]
            if absent and len(absent) < len(group):
                raise InvalidOptions(f"context {', '.join(absent)} must be given with the rest of {', '.join(group)}")
        self._check_limit()
        if self.queues_key_arn and not self.ingress_queue_arn:
            raise InvalidOptions("context queues_key_arn belongs to existing queues: give their ARNs too")

    @property
    def limit(self) -> dict[str, Any]:
        """The limit, as both processes' settings take it.

        Raises:
            InvalidOptions: it is none.
        """
        return {
            "rate_limit_capacity": _number("rate_capacity", self.rate_capacity, int),
            "rate_limit_window_seconds": _number("rate_window_seconds", self.rate_window_seconds, float),
            "rate_limit_scope": self.rate_scope,
        }

    @property
    def growth(self) -> Growth:
        """What follows from the number of accounts.

        Raises:
            InvalidOptions: it is no number from 1.
        """
        accounts = _number("accounts", self.accounts, int)
        if accounts < 1:
            raise InvalidOptions(f"context accounts must be 1 or more, not {accounts}")
        limit = self.limit
        return growth(self.rate_scope, accounts, limit["rate_limit_capacity"], limit["rate_limit_window_seconds"])

    @property
    def requests(self) -> int:
        """How many requests an account may make, as the scraper's settings take it."""
        return _number("account_requests", self.account_requests, int)

    def _check_limit(self) -> None:
        worker = {**self.limit, "rate_limit_account_requests": self.requests}
        found = [*_contradictions(RateLimiterSettings, self.limit), *_contradictions(WorkerSettings, worker)]
        if found:
            raise InvalidOptions(f"context for the limit: {found[0]}")
        _ = self.growth


def _contradictions(settings: type[LimitSettings], given: Mapping[str, Any]) -> list[str]:
    """Ask a process's settings what it would say of these; what else it needs plays no part."""
    required: dict[str, Any] = {each.name: "" for each in fields(settings) if each.default is MISSING}
    return settings(**required, **given).contradictions()


def _number[Number: (int, float)](name: str, text: str, kind: type[Number]) -> Number:
    try:
        return kind(text)
    except ValueError:
        raise InvalidOptions(f"context {name} must be a number, not {text!r}") from None
