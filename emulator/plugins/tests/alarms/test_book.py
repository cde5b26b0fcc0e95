"""The life of alarms: states, history, calls and suppression, minute after minute."""

import json
import time
from datetime import UTC, datetime

import pytest
from localprocs.alarms import book as book_module
from localprocs.alarms import suppression
from localprocs.alarms.book import AlarmBook
from localprocs.alarms.metrics import Metric, MetricStore
from localprocs.alarms.threshold import State

START = 1_800_000_000 // 60 * 60
METRIC = Metric("Test", "Load")


class Scene:
    """A book of alarms on one metric, and a clock that goes minute by minute."""

    def __init__(self, monkeypatch):
        self.now = float(START)
        monkeypatch.setattr(book_module.time, "time", lambda: self.now)
        self.changes, self.calls = [], []
        self.book = AlarmBook(
            "000000000000",
            "us-east-1",
            MetricStore(),
            lambda _book, change: self.changes.append(change),
            lambda _book, call: self.calls.append(call),
        )

    def put(self, name="load", **more):
        """Make an alarm on the metric: above 10, one of one."""
        self.book.put(
            {
                "AlarmName": name,
                "Namespace": "Test",
                "MetricName": "Load",
                "Statistic": "Average",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 10.0,
                "ComparisonOperator": "GreaterThanThreshold",
                **more,
            }
        )

    def minute(self, *values):
        """Publish values within a minute, and look at the alarms at its end."""
        for value in values:
            self.book.metrics.add(METRIC, self.now, value)
        self.now += 60
        self.book.judge(int(self.now))

    def state(self, name="load"):
        """Tell an alarm's state."""
        return self.book.alarms[name]["StateValue"]


@pytest.fixture
def scene(monkeypatch):
    """Begin."""
    return Scene(monkeypatch)


def test_new_alarm_has_insufficient_data(scene):
    """An alarm says nothing before it was looked at."""
    scene.put()
    assert scene.state() == "INSUFFICIENT_DATA"
    assert scene.book.alarms["load"]["StateReason"] == "Unchecked: Initial alarm creation"


def test_change_happens_once_and_is_told_with_its_reason(scene):
    """A state that stays is not told again."""
    scene.put()
    for _ in range(3):
        scene.minute(20)
    assert [(change.previous["StateValue"], change.alarm["StateValue"]) for change in scene.changes] == [
        ("INSUFFICIENT_DATA", "ALARM")
    ]
    begin = datetime.fromtimestamp(START, UTC)
    assert scene.changes[0].alarm["StateReason"] == (
        f"Threshold Crossed: 1 out of the last 1 datapoints [20.0 ({begin:%d/%m/%y %H:%M:%S})] was greater than the "
        "threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(scene.changes[0].alarm["StateReasonData"])
    assert (data["statistic"], data["period"], data["threshold"]) == ("Average", 60, 10.0)
    assert data["recentDatapoints"] == [20.0]
    assert data["evaluatedDatapoints"][0]["sampleCount"] == 1.0


def test_reason_of_missing_data_names_the_treatment(scene):
    """No data point says how the missing ones were taken."""
    scene.put("quiet", TreatMissingData="notBreaching")
    scene.put("loud", TreatMissingData="breaching")
    scene.put("blind", EvaluationPeriods=3)
    scene.minute()
    reasons = {name: alarm["StateReason"] for name, alarm in scene.book.alarms.items()}
    told = "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as"
    assert reasons["quiet"] == f"{told} [NonBreaching]."
    assert reasons["loud"] == f"{told} [Breaching]."
    assert scene.state("blind") == "INSUFFICIENT_DATA"


def test_data_from_before_the_alarm_count(scene):
    """A new alarm looks at what was published before it was made."""
    scene.minute(20)
    scene.put()
    scene.minute(20)
    assert scene.state() == "ALARM"


def test_changed_configuration_keeps_the_state(scene):
    """An update overwrites the settings, not the state."""
    scene.put()
    scene.minute(20)
    scene.put(Threshold=50.0)
    assert scene.state() == "ALARM"
    scene.minute(20)
    assert scene.state() == "OK"


def test_set_state_lasts_until_the_next_look(scene):
    """SetAlarmState is for a test of the actions."""
    scene.put()
    scene.minute(1)
    scene.book.set_state("load", State.ALARM, "drill", None)
    assert (scene.state(), scene.book.alarms["load"]["StateReason"]) == ("ALARM", "drill")
    scene.minute(1)
    assert scene.state() == "OK"
    assert len(scene.changes) == 3


def test_scaling_policies_are_called_each_minute_of_the_state(scene):
    """Unlike a topic, a policy hears of the alarm as long as it lasts, with the metric's value."""
    policy = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:resource/ecs/service/c/s:policyName/p"
    scene.put(AlarmActions=[policy])
    for value in (20, 30, 1, 40):
        scene.minute(value)
    assert [(call.value, call.minute - START) for call in scene.calls] == [(20.0, 60), (30.0, 120), (40.0, 240)]


def test_disabled_actions_call_nothing(scene):
    """The state changes all the same."""
    scene.put(AlarmActions=["arn:aws:autoscaling:x"], ActionsEnabled=False)
    scene.minute(20)
    assert (scene.state(), scene.calls) == ("ALARM", [])


def test_history_tells_creation_and_changes(scene):
    """What happened can be read back, old and new state with it."""
    scene.put()
    scene.minute(20)
    scene.book.delete("load")
    kinds = [(item["HistoryItemType"], item["HistorySummary"]) for item in scene.book.history]
    assert kinds == [
        ("ConfigurationUpdate", 'Alarm "load" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("ConfigurationUpdate", 'Alarm "load" deleted'),
    ]
    told = json.loads(scene.book.history[1]["HistoryData"])
    assert told["oldState"]["stateValue"] == "INSUFFICIENT_DATA"
    assert told["newState"]["stateReasonData"]["recentDatapoints"] == [20.0]


def test_jump_of_the_clock_is_one_look_at_now(scene):
    """After hours without data an alarm changes at most once, by what is there now."""
    scene.put(EvaluationPeriods=3)
    for _ in range(3):
        scene.minute(20)
    scene.now += 12 * 3600
    scene.minute(20)
    assert [change.alarm["StateValue"] for change in scene.changes] == ["ALARM", "INSUFFICIENT_DATA"]


def test_alarm_with_periods_of_ten_seconds_is_looked_at_in_its_own_turn(scene):
    """It does not wait for the minute."""
    scene.put(Period=10)
    scene.book.metrics.add(METRIC, scene.now, 20, resolution=1)
    scene.minute()
    assert scene.state() == "INSUFFICIENT_DATA"
    scene.book.judge(START + 10, is_high_resolution=True)
    assert scene.state() == "ALARM"


def test_low_sample_count_keeps_the_state_where_the_alarm_asks_for_it(scene):
    """A p90 of five samples decides nothing with ignore, and decides with evaluate."""
    percentile = {"Statistic": None, "ExtendedStatistic": "p90"}
    scene.put("careful", **percentile, EvaluateLowSampleCountPercentile="ignore")
    scene.put("eager", **percentile)
    scene.minute(*[20] * 5)
    assert (scene.state("careful"), scene.state("eager")) == ("INSUFFICIENT_DATA", "ALARM")
    scene.minute(*[20] * 100)
    assert scene.state("careful") == "ALARM"


def test_math_alarm_watches_the_expression(scene):
    """An error rate of two metrics."""
    metric = {"Namespace": "Test", "Dimensions": []}
    queries = [
        {"Id": "rate", "Expression": "100 * errors / FILL(calls, 1)", "Label": "error rate", "ReturnData": True},
        *(
            {
                "Id": name.lower(),
                "MetricStat": {"Metric": {**metric, "MetricName": name}, "Period": 60, "Stat": "Sum"},
                "ReturnData": False,
            }
            for name in ("Errors", "Calls")
        ),
    ]
    scene.book.put(
        {
            "AlarmName": "rate",
            "Metrics": queries,
            "EvaluationPeriods": 1,
            "Threshold": 25.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
    )
    for errors, expected in ((1, "OK"), (4, "ALARM")):
        scene.book.metrics.add(Metric("Test", "Calls"), scene.now, 10)
        scene.book.metrics.add(Metric("Test", "Errors"), scene.now, errors)
        scene.minute()
        assert scene.state("rate") == expected
    assert "[40.0 (" in scene.book.alarms["rate"]["StateReason"]


def test_composite_alarm_follows_its_children_within_the_same_minute(scene):
    """A composite on a composite settles at once."""
    scene.put("load")
    scene.put("high", Threshold=100.0)
    scene.book.put({"AlarmName": "outer", "AlarmRule": "ALARM(inner)"})
    scene.book.put({"AlarmName": "inner", "AlarmRule": "ALARM(load) AND NOT ALARM(high)"})
    scene.minute(20)
    assert (scene.state("inner"), scene.state("outer")) == ("ALARM", "ALARM")
    scene.minute(200)
    assert (scene.state("inner"), scene.state("outer")) == ("OK", "OK")
    assert scene.book.alarms["inner"]["StateReason"].startswith(
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:high transitioned to ALARM at "
    )


def suppressed_scene(scene, **periods):
    """Make a composite of the load alarm that a maintenance alarm suppresses."""
    scene.put("load", TreatMissingData="ignore")
    scene.put("maintenance", MetricName="Maintenance", Threshold=0.0, TreatMissingData="ignore")
    scene.book.put({"AlarmName": "page", "AlarmRule": "ALARM(load)", "ActionsSuppressor": "maintenance", **periods})
    scene.changes.clear()


def acted(scene):
    """Tell whose actions were to be taken."""
    return [change.alarm["AlarmName"] for change in scene.changes if not change.is_held]


def test_suppressor_in_alarm_keeps_a_composites_actions_back(scene):
    """They are taken after the suppressor has left, when its extension is over."""
    suppressed_scene(scene, ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=120)
    scene.book.set_state("maintenance", State.ALARM, "works", None)
    scene.minute(20)
    assert "page" not in acted(scene)
    assert scene.book.alarms["page"]["ActionsSuppressedBy"] == "Alarm"
    scene.book.set_state("maintenance", State.OK, "done", None)
    scene.minute(20)
    assert scene.book.alarms["page"]["ActionsSuppressedBy"] == "ExtensionPeriod"
    scene.minute(20)
    scene.minute(20)
    assert acted(scene).count("page") == 1
    assert "ActionsSuppressedBy" not in scene.book.alarms["page"]


def test_suppressor_that_does_not_come_delays_the_actions_by_the_wait(scene):
    """The wait period over, the actions are taken."""
    suppressed_scene(scene, ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=0)
    scene.minute(20)
    assert scene.book.alarms["page"]["ActionsSuppressedBy"] == "WaitPeriod"
    scene.minute(20)
    assert acted(scene).count("page") == 1


def test_composite_that_comes_back_within_the_wait_tells_nothing(scene):
    """What was over before anyone was told need not be told."""
    suppressed_scene(scene, ActionsSuppressorWaitPeriod=600, ActionsSuppressorExtensionPeriod=0)
    scene.minute(20)
    scene.minute(1)
    assert "page" not in acted(scene)
    assert scene.state("page") == "OK"


def test_composite_without_wait_acts_at_once():
    """A wait of nothing keeps nothing back."""
    suppressor = {"StateValue": "OK", "StateTransitionedTimestamp": datetime.fromtimestamp(time.time(), UTC)}
    assert suppression.begin({"ActionsSuppressorWaitPeriod": 0}, suppressor, time.time()) is None


def test_an_alarm_on_a_metric_tells_its_dimensions_where_there_are_none_too(monkeypatch):
    """One of alarms has no such list."""
    scene = Scene(monkeypatch)
    scene.put()
    scene.book.put({"AlarmName": "all", "AlarmRule": "ALARM(load)"})
    assert scene.book.alarms["load"]["Dimensions"] == []
    assert "Dimensions" not in scene.book.alarms["all"]
