"""Does what alarms ask for when they change: one thread, in the order of the changes."""

import json
import logging
import queue
import threading
from collections.abc import Callable

from localstack.aws.connect import connect_to
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.aws import arns

from localprocs.alarms import notifications
from localprocs.alarms.book import SCALING_ACTION, AlarmBook, Change, ScalingCall, due_actions
from localprocs.alarms.configuration import Alarm

LOG = logging.getLogger(__name__)

type Scaler = Callable[[AlarmBook, ScalingCall], None]
"""Acts on a scaling policy whose alarm called it; raises where it cannot."""


class Actions:
    """Takes changes and calls from alarm books, and answers them one after another."""

    def __init__(self) -> None:
        """Make one that starts its thread with the first work."""
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.scaler: Scaler | None = None

    def on_change(self, book: AlarmBook, change: Change) -> None:
        """Tell topics, functions and the event bus of a change."""
        self.later(lambda: _tell(book, change))

    def on_scaling(self, book: AlarmBook, call: ScalingCall) -> None:
        """Let the scaling policy act."""
        self.later(lambda: self._scale(book, call))

    def later(self, work: Callable[[], None]) -> None:
        """Do this after all that has been asked for."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="alarm-actions", daemon=True)
                self._thread.start()
        self._work.put(work)

    def _scale(self, book: AlarmBook, call: ScalingCall) -> None:
        if self.scaler is None:
            return
        try:
            self.scaler(book, call)
        except Exception as error:
            LOG.exception("the scaling policy %s failed", call.policy_arn)
            book.note_action(call.alarm, call.policy_arn, error)

    def _serve(self) -> None:
        while True:
            try:
                self._work.get()()
            except Exception:  # the next change's actions must not fail with this one's
                LOG.exception("an alarm's actions failed")


def _tell(book: AlarmBook, change: Change) -> None:
    if not change.is_released:
        _send_event(book, change)
    if change.is_held:
        return
    for action in due_actions(change.alarm):
        if action.startswith(SCALING_ACTION):
            continue  # called each minute, not only with the change
        try:
            message = _take(book, change, action)
        except Exception as error:  # noqa: BLE001 - written into the alarm's history, as AWS does
            LOG.warning("the action %s of the alarm %s failed: %s", action, change.alarm["AlarmName"], error)
            book.note_action(change.alarm, action, error)
        else:
            book.note_action(change.alarm, action, None, message)


def _take(book: AlarmBook, change: Change, action: str) -> str:
    alarm, parts = change.alarm, arns.parse_arn(action)
    factory = connect_to(region_name=parts["region"] or book.region, aws_access_key_id=book.account)
    match parts["service"]:
        case "sns":
            message = notifications.sns_message(
                alarm, change.previous["StateValue"], book.account, book.region, change.children
            )
            subject = notifications.subject(alarm, book.region)
            factory.sns.publish(TopicArn=action, Subject=subject, Message=message)
            return message
        case "lambda":
            payload = notifications.lambda_payload(alarm, change.previous, book.account, book.region)
            factory.lambda_.invoke(FunctionName=action, InvocationType="Event", Payload=payload)
            return payload
    message = f"Actions of the service {parts['service']} are not emulated"
    raise NotImplementedError(message)


def _send_event(book: AlarmBook, change: Change) -> None:
    if not SERVICE_PLUGINS.is_running("events"):
        return  # no rule can wait for it
    alarm: Alarm = change.alarm
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Time": alarm["StateUpdatedTimestamp"],
        "Resources": [alarm["AlarmArn"]],
        "Detail": json.dumps(notifications.event_detail(alarm, change.previous)),
    }
    try:
        connect_to(region_name=book.region, aws_access_key_id=book.account).events.put_events(Entries=[entry])
    except Exception as error:  # noqa: BLE001 - the alarm's own actions go on
        LOG.warning("the state change of %s did not reach the event bus: %s", alarm["AlarmName"], error)


ACTIONS = Actions()
"""The one of this process."""
