"""Puts our CloudWatch in the place of LocalStack's, and the minutes in motion."""

from localstack import config
from localstack.runtime import hooks

from localprocs.alarms.minutes import MINUTES
from localprocs.alarms.stores import judge_all, judge_high_resolution

ALARM_DELAY_SECONDS = 5
"""Alarms look this long after a minute's end, so that metrics published at its very end still count."""

HIGH_RESOLUTION_SECONDS = 10
"""AWS looks so often at alarms with periods of 10, 20 or 30 seconds."""


@hooks.on_infra_start()
def start_minutes() -> None:
    """Choose the provider and start looking at alarms every minute."""
    config.SERVICE_PROVIDER_CONFIG.set_provider("cloudwatch", "minutes")
    MINUTES.at_each(judge_all, ALARM_DELAY_SECONDS)
    MINUTES.at_each(judge_high_resolution, ALARM_DELAY_SECONDS, HIGH_RESOLUTION_SECONDS)
    MINUTES.start()


@hooks.on_infra_shutdown()
def stop_minutes() -> None:
    """Stop."""
    MINUTES.stop()
