"""Puts our CloudWatch in the place of LocalStack's, and the minutes in motion."""

from localstack import config
from localstack.runtime import hooks
from localstack.services.edge import ROUTER

from localprocs.alarms.actions import ACTIONS
from localprocs.alarms.minutes import MINUTES
from localprocs.alarms.settled import Settled
from localprocs.alarms.stores import has_high_resolution, judge_all, judge_high_resolution

ALARM_DELAY_SECONDS = 5
"""Alarms look this long after a minute's end, so that metrics published at its very end still count."""

HIGH_RESOLUTION_SECONDS = 10
"""AWS looks so often at alarms with periods of 10, 20 or 30 seconds."""


@hooks.on_infra_start()
def start_minutes() -> None:
    """Choose the provider, start looking at alarms every minute, and tell how far that has come."""
    config.SERVICE_PROVIDER_CONFIG.set_provider("cloudwatch", "minutes")
    MINUTES.at_each(judge_all, ALARM_DELAY_SECONDS)
    MINUTES.at_each(judge_high_resolution, ALARM_DELAY_SECONDS, HIGH_RESOLUTION_SECONDS, has_high_resolution)
    settled = Settled(ACTIONS)
    MINUTES.at_each(settled.follow, ALARM_DELAY_SECONDS)
    ROUTER.add("/_emulator/minutes", settled.serve, methods=["GET"])
    MINUTES.start()


@hooks.on_infra_shutdown()
def stop_minutes() -> None:
    """Stop."""
    MINUTES.stop()
