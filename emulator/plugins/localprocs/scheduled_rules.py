"""A rule of EventBridge ticks once a time by the schedule that it has now, and not while it is disabled.

LocalStack makes another ticker with each ``PutTargets``, cancels none, and never looks at the rule again. This is where
it finds the provider that does: PROVIDER_OVERRIDE_EVENTS=ticking.
"""

from collections.abc import Callable
from typing import Any

from localstack.services.plugins import Service, aws_provider
from localstack.utils.patch import patch

TICKERS: dict[str, str] = {}
"""The scheduler's job for each rule, by the rule's ARN."""


@aws_provider(api="events", name="ticking")
def events() -> Service:
    """Make the service: LocalStack's, with our tickers."""
    from localstack.services.events.provider import EventsProvider  # noqa: PLC0415 - imported with the first call

    install()
    return Service.for_provider(EventsProvider())


def install() -> None:
    """Let a rule have one ticker, which looks at the rule each time."""
    from localstack.services.events.provider import EventsProvider  # noqa: PLC0415
    from localstack.services.events.rule import RuleService  # noqa: PLC0415

    @patch(RuleService.create_schedule_job)
    def _one_ticker(_original: Callable[..., None], self: RuleService, tick: Callable[..., None]) -> None:
        _cancel(self.arn)
        self.job_id = TICKERS[self.arn] = _scheduler().add_job(tick, self.schedule_cron)

    @patch(EventsProvider._get_scheduled_rule_job_function)  # noqa: SLF001
    def _tick_of(original: Callable[..., Any], self: EventsProvider, account: str, region: str, rule: Any) -> Any:
        def tick(*_: object) -> None:
            now = self._rule_services_store.get(rule.arn)
            if now is not None and now.rule.state != "DISABLED":
                original(self, account, region, now.rule)()

        return tick

    @patch(EventsProvider.create_rule_service)
    def _changed(original: Callable[..., Any], self: EventsProvider, *arguments: Any) -> Any:
        made = original(self, *arguments)
        _reschedule(made.arn, made.schedule_cron)
        return made

    @patch(EventsProvider._delete_rule_services)  # noqa: SLF001
    def _deleted(original: Callable[..., Any], self: EventsProvider, rules: Any) -> None:
        for rule in rules.values() if isinstance(rules, dict) else [rules]:
            _cancel(rule.arn)
        original(self, rules)


def forget() -> None:
    """Let no rule tick that there was."""
    for arn in list(TICKERS):
        _cancel(arn)


def _scheduler() -> Any:
    from localstack.services.events.scheduler import JobScheduler  # noqa: PLC0415

    return JobScheduler.instance()


def _reschedule(arn: str, cron: str | None) -> None:
    if cron is None:
        _cancel(arn)
    elif ticker := _scheduler().get_job(TICKERS.get(arn)):
        ticker.schedule = cron


def _cancel(arn: str) -> None:
    if job := TICKERS.pop(arn, ""):
        _scheduler().cancel_job(job)
