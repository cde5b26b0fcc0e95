"""The alarms of one account and region: their state, its history, and what each change sets off."""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from localprocs.alarms import composite, suppression
from localprocs.alarms.configuration import PREVIOUS_STATE, Alarm, is_composite, period_of
from localprocs.alarms.evaluation import evaluate
from localprocs.alarms.metrics import MINUTE, MetricStore
from localprocs.alarms.reasons import iso_millis, spoken_time
from localprocs.alarms.suppression import Hold
from localprocs.alarms.threshold import State

LOG = logging.getLogger(__name__)

HISTORY_SECONDS = 30 * 24 * 3600
_ACTIONS = {State.OK: "OKActions", State.ALARM: "AlarmActions", State.INSUFFICIENT_DATA: "InsufficientDataActions"}
SCALING_ACTION = "arn:aws:autoscaling:"


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm that changed its state, as it was and as it is."""

    alarm: Alarm
    previous: Alarm
    children: tuple[Alarm, ...] = ()
    """The alarms that made a composite one change."""
    is_held: bool = False
    """Whether its actions wait for a suppressor."""
    is_released: bool = False
    """Whether it was told before, and only its actions are due."""


@dataclass(frozen=True, slots=True)
class ScalingCall:
    """An alarm that calls a scaling policy, as AWS's do each minute that they stay in the state."""

    policy_arn: str
    alarm: Alarm
    value: float | None
    minute: int


@dataclass
class AlarmBook:
    """Keeps alarms and judges them; safe to use from several threads."""

    account: str
    region: str
    metrics: MetricStore
    on_change: Callable[["AlarmBook", Change], None]
    on_scaling: Callable[["AlarmBook", ScalingCall], None]
    alarms: dict[str, Alarm] = field(default_factory=dict)
    """By name."""
    history: list[dict[str, Any]] = field(default_factory=list)
    _held: dict[str, tuple[Hold, Change]] = field(default_factory=dict)
    """What composite alarms keep back, by their names."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def arn_of(self, name: str) -> str:
        """Return the ARN of an alarm of this name."""
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{name}"

    def find(self, name_or_arn: str) -> Alarm:
        """Return the alarm. Raises KeyError."""
        return self.alarms[name_or_arn.partition(":alarm:")[2] or name_or_arn]

    def put(self, configuration: Alarm) -> None:
        """Make an alarm, or give it another configuration; its state then stays."""
        now = _moment()
        with self.lock:
            name = configuration["AlarmName"]
            old = self.alarms.get(name)
            alarm: Alarm = {key: value for key, value in configuration.items() if value is not None and key != "Tags"}
            for actions in _ACTIONS.values():
                alarm.setdefault(actions, [])
            alarm.setdefault("ActionsEnabled", True)
            if not is_composite(alarm):
                alarm.setdefault("Dimensions", [])
            alarm |= {"AlarmArn": self.arn_of(name), "AlarmConfigurationUpdatedTimestamp": now}
            kept = {
                key: value for key, value in (old or {}).items() if key.startswith("State") or key == PREVIOUS_STATE
            }
            alarm |= kept or {
                "StateValue": State.INSUFFICIENT_DATA.value,
                "StateReason": "Unchecked: Initial alarm creation",
                "StateUpdatedTimestamp": now,
                "StateTransitionedTimestamp": now,
            }
            self.alarms[name] = alarm
            told = json.dumps({"version": "1.0", "type": "Update" if old else "Create"})
            self._note(alarm, "ConfigurationUpdate", f'Alarm "{name}" {"updated" if old else "created"}', told)
            if is_composite(alarm):
                self._judge_composites()

    def delete(self, name: str) -> None:
        """Forget an alarm, not its history; silent where there is none."""
        with self.lock:
            if alarm := self.alarms.pop(name, None):
                told = json.dumps({"version": "1.0", "type": "Delete"})
                self._note(alarm, "ConfigurationUpdate", f'Alarm "{name}" deleted', told)

    def judge(self, minute: int, *, is_high_resolution: bool = False) -> None:
        """Look at every alarm by the data up to this moment.

        Those with periods shorter than a minute have a turn of their own.
        """
        now = time.time()
        with self.lock:
            calls: list[ScalingCall] = []
            for alarm in list(self.alarms.values()):
                if is_composite(alarm) or (period_of(alarm) < MINUTE) is not is_high_resolution:
                    continue
                try:
                    found = evaluate(alarm, self.metrics, minute, now)
                except Exception:  # one alarm must not keep the others from being looked at
                    LOG.exception("the alarm %s cannot be evaluated", alarm["AlarmName"])
                    continue
                if found.state != alarm["StateValue"]:
                    self._change(alarm, found.state, found.reason, found.reason_data)
                calls += _scaling_calls(alarm, found.value, minute)
            self._judge_composites()
            self._release()
        for call in calls:
            self.on_scaling(self, call)

    def has_high_resolution(self) -> bool:
        """Tell whether one has periods shorter than a minute, or is made of others, whose suppression ends by itself."""
        with self.lock:
            return any(is_composite(it) or period_of(it) < MINUTE for it in self.alarms.values())

    def set_state(self, name: str, state: State, reason: str, reason_data: str | None) -> None:
        """Put the alarm in a state until it is next looked at. Raises KeyError."""
        with self.lock:
            alarm = self.alarms[name]
            if alarm["StateValue"] == state:
                return
            self._change(alarm, state, reason, reason_data)
            self._judge_composites()
            minute = int(time.time()) // MINUTE * MINUTE
            value = None if is_composite(alarm) else evaluate(alarm, self.metrics, minute, time.time()).value
            calls = _scaling_calls(alarm, value, minute)
        for call in calls:
            self.on_scaling(self, call)

    def note_action(self, alarm: Alarm, action: str, error: Exception | None, message: str | None = None) -> None:
        """Write into the history that an action was taken, or failed."""
        told: dict[str, Any] = {
            "version": "1.0",
            "actionState": "Failed" if error else "Succeeded",
            "stateUpdateTimestamp": int(alarm["StateUpdatedTimestamp"].timestamp() * 1000),
            "notificationResource": action,
            "publishedMessage": message,
            "error": None if error is None else str(error),
        }
        done = f"Failed to execute action {action}" if error else f"Successfully executed action {action}"
        with self.lock:
            self._note(alarm, "Action", done, json.dumps(told))

    def _change(
        self, alarm: Alarm, state: State, reason: str, reason_data: str | None, children: tuple[Alarm, ...] = ()
    ) -> None:
        now, previous = _moment(), dict(alarm)
        alarm |= {
            PREVIOUS_STATE: previous["StateValue"],
            "StateValue": state.value,
            "StateReason": reason,
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
        }
        alarm.pop("StateReasonData", None)
        if reason_data:
            alarm["StateReasonData"] = reason_data
        told = {"version": "1.0", "oldState": _told_state(previous), "newState": _told_state(alarm)}
        summary = f"Alarm updated from {previous['StateValue']} to {state}"
        self._note(alarm, "StateUpdate", summary, json.dumps(told))
        change = Change(dict(alarm), previous, children)
        self.on_change(self, self._kept_back(alarm, change) if alarm.get("ActionsSuppressor") else change)

    def _kept_back(self, alarm: Alarm, change: Change) -> Change:
        before = self._held.pop(alarm["AlarmName"], None)
        if before and before[1].previous["StateValue"] == alarm["StateValue"]:
            # Back where it was before anything was kept back: there is nothing left to tell.
            _show_hold(alarm, None)
            return replace(change, is_held=True)
        hold = suppression.begin(alarm, self.find(alarm["ActionsSuppressor"]), time.time())
        _show_hold(alarm, hold)
        if hold is None:
            return change
        held = replace(change, is_held=True)
        self._held[alarm["AlarmName"]] = (hold, held)
        return held

    def _release(self) -> None:
        for name, (hold, change) in list(self._held.items()):
            alarm = self.alarms.get(name)
            if alarm is None:
                del self._held[name]
                continue
            now_hold = suppression.go_on(hold, alarm, self.find(alarm["ActionsSuppressor"]), time.time())
            _show_hold(alarm, now_hold)
            if now_hold is not None:
                self._held[name] = (now_hold, change)
                continue
            del self._held[name]
            self.on_change(self, replace(change, is_held=False, is_released=True))

    def _judge_composites(self) -> None:
        composites = [alarm for alarm in self.alarms.values() if is_composite(alarm)]
        for _ in composites:  # one may stand on another: as many rounds as there are settle them all
            if not sum(map(self._judge_composite, composites)):
                return

    def _judge_composite(self, alarm: Alarm) -> bool:
        rule = composite.parse(alarm["AlarmRule"])
        try:
            state = State.ALARM if composite.holds(rule, self._state_of) else State.OK
        except KeyError:
            return False
        if state == alarm["StateValue"]:
            return False
        children = sorted(
            (self.find(name) for name in composite.triggers(rule, self._state_of)),
            key=lambda each: each["StateTransitionedTimestamp"],
        )
        newest = children[-1] if children else alarm
        at = newest["StateTransitionedTimestamp"].timestamp()
        reason = f"{newest['AlarmArn']} transitioned to {newest['StateValue']} at {spoken_time(at)}"
        if newest is alarm or newest["StateReason"].startswith("Unchecked"):
            reason = f"{alarm['AlarmArn']} was created and its alarm rule evaluates to {state}"
        triggering = [
            {
                "arn": newest["AlarmArn"],
                "state": {"value": newest["StateValue"], "timestamp": iso_millis(at)},
            }
        ]
        self._change(alarm, state, reason, json.dumps({"triggeringAlarms": triggering}), (dict(newest),))
        return True

    def _state_of(self, name: str) -> State:
        return State(self.find(name)["StateValue"])

    def _note(self, alarm: Alarm, kind: str, summary: str, data: str) -> None:
        now = _moment()
        self.history.append(
            {
                "AlarmName": alarm["AlarmName"],
                "AlarmType": "CompositeAlarm" if is_composite(alarm) else "MetricAlarm",
                "Timestamp": now,
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": data,
            }
        )
        while (now - self.history[0]["Timestamp"]).total_seconds() > HISTORY_SECONDS:
            del self.history[0]


def due_actions(alarm: Alarm) -> list[str]:
    """Return the actions of the state that the alarm is in, none where they are disabled."""
    return list(alarm[_ACTIONS[State(alarm["StateValue"])]]) if alarm["ActionsEnabled"] else []


def _show_hold(alarm: Alarm, hold: Hold | None) -> None:
    if hold is None:
        alarm.pop("ActionsSuppressedBy", None)
        alarm.pop("ActionsSuppressedReason", None)
    else:
        alarm["ActionsSuppressedBy"] = hold.reason
        alarm["ActionsSuppressedReason"] = f"Actions suppressed by {alarm['ActionsSuppressor']}"


def _scaling_calls(alarm: Alarm, value: float | None, minute: int) -> list[ScalingCall]:
    due = [action for action in due_actions(alarm) if action.startswith(SCALING_ACTION)]
    return [ScalingCall(action, dict(alarm), value, minute) for action in due]


def _told_state(alarm: Alarm) -> dict[str, Any]:
    told = {"stateValue": alarm["StateValue"], "stateReason": alarm["StateReason"]}
    if data := alarm.get("StateReasonData"):
        told["stateReasonData"] = json.loads(data)
    return told


def _moment() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
