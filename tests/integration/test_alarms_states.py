"""Alarms as CloudWatch judges and tells them; plain boto3, so that an AWS account could answer as well."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.integration.minutes import MINUTE, Minutes
from tests.patience import until


class Scene:
    """A metric and a topic of their own, a subscriber, and alarms that go away with the test."""

    def __init__(self, emulator: Clients, clock: Clock) -> None:
        self.emulator, self.clock = emulator, clock
        self.minutes = Minutes(emulator, clock)
        self.mark = uuid4().hex[:12]
        self.namespace = f"Test/{self.mark}"
        self.topic = emulator.sns.create_topic(Name=f"alarms-{self.mark}")["TopicArn"]
        self.inbox = emulator.sqs.create_queue(QueueName=f"inbox-{self.mark}")["QueueUrl"]
        arn = emulator.sqs.get_queue_attributes(QueueUrl=self.inbox, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        emulator.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self._names: list[str] = []

    def name(self, name: str) -> str:
        return f"{name}-{self.mark}"

    def put(self, name: str, **more: Any) -> None:
        """Make an alarm on the metric: its sum above 10, one minute of one, told to the topic in each state."""
        self._names.append(self.name(name))
        single = {"Namespace": self.namespace, "MetricName": "Load", "Statistic": "Sum", "Period": MINUTE}
        settings: dict[str, Any] = {
            **({} if "Metrics" in more else single),
            "EvaluationPeriods": 1,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
            **more,
        }
        self.emulator.cloudwatch.put_metric_alarm(AlarmName=self.name(name), **settings)

    def put_composite(self, name: str, rule: str, **more: Any) -> None:
        """Make an alarm of alarms; it goes before the alarms that it stands on."""
        self._names.insert(0, self.name(name))
        self.emulator.cloudwatch.put_composite_alarm(AlarmName=self.name(name), AlarmRule=rule, **more)

    def publish(self, *values: float | None, metric: str = "Load") -> None:
        """Publish one value for each of the last minutes, the newest for the minute that goes on; nothing for None."""
        now = self.clock.now() // MINUTE * MINUTE
        for age, value in enumerate(reversed(values)):
            if value is not None:
                at = datetime.fromtimestamp(now - age * MINUTE, UTC)
                self.emulator.cloudwatch.put_metric_data(
                    Namespace=self.namespace, MetricData=[{"MetricName": metric, "Timestamp": at, "Value": value}]
                )

    def alarm(self, name: str) -> dict[str, Any]:
        found = self.emulator.cloudwatch.describe_alarms(
            AlarmNames=[self.name(name)], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return dict((*found["MetricAlarms"], *found["CompositeAlarms"])[0])

    def state(self, name: str) -> str:
        return str(self.alarm(name)["StateValue"])

    def await_state(self, name: str, state: str, minutes: int = 3) -> None:
        """Let minutes go by until the alarm is in the state, at most so many of them."""
        self.minutes.within(minutes, lambda: self.state(name) == state)

    def notifications(self, number: int) -> list[dict[str, Any]]:
        """Receive so many notifications of the topic or more, by time: subject and the JSON of the message."""
        found: list[dict[str, Any]] = []

        def are_told() -> bool:
            bodies = map(json.loads, self.receive(self.inbox))
            found.extend({"subject": each["Subject"], **json.loads(each["Message"])} for each in bodies)
            return len(found) >= number

        until(are_told, what=f"{number} notifications")
        return sorted(found, key=lambda each: str(each["StateChangeTime"]))

    def receive(self, queue: str) -> list[str]:
        """Take what is in the queue."""
        sqs = self.emulator.sqs
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def clear(self) -> None:
        for name in self._names:
            self.emulator.cloudwatch.delete_alarms(AlarmNames=[name])
        self.emulator.sns.delete_topic(TopicArn=self.topic)
        self.emulator.sqs.delete_queue(QueueUrl=self.inbox)


@pytest.fixture
def scene(emulator: Clients, clock: Clock) -> Iterator[Scene]:
    """Begin."""
    made = Scene(emulator, clock)
    yield made
    made.clear()


@pytest.mark.requirement("5.5")
def test_alarm_notifies_its_topic_of_each_change(scene: Scene) -> None:
    """Into ALARM and back, with AWS's subject and message."""
    scene.put("load", TreatMissingData="notBreaching", AlarmDescription="too much")
    scene.await_state("load", "OK")
    scene.publish(7, 50)
    scene.await_state("load", "ALARM")
    scene.await_state("load", "OK")
    told = scene.notifications(3)
    assert [(each["OldStateValue"], each["NewStateValue"]) for each in told] == [
        ("INSUFFICIENT_DATA", "OK"),
        ("OK", "ALARM"),
        ("ALARM", "OK"),
    ]
    alarm = told[1]
    assert alarm["subject"] == f'ALARM: "{scene.name("load")}" in US East (N. Virginia)'
    assert alarm["AlarmName"] == scene.name("load")
    assert alarm["AlarmDescription"] == "too much"
    assert alarm["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [50.0 (")
    assert alarm["Trigger"]["MetricName"] == "Load"
    assert (alarm["Trigger"]["Statistic"], alarm["Trigger"]["Period"]) == ("SUM", MINUTE)


def test_three_of_three_needs_three_minutes(scene: Scene) -> None:
    """Two breaching minutes after quiet ones are not enough."""
    scene.publish(0, 0, 0, 50, 50)
    scene.put("load", EvaluationPeriods=3)
    scene.await_state("load", "OK")
    scene.publish(50)
    scene.await_state("load", "ALARM")


def test_two_of_three_needs_any_two(scene: Scene) -> None:
    """They need not follow each other."""
    scene.publish(0, 0, 50, 0, 50)
    scene.put("load", EvaluationPeriods=3, DatapointsToAlarm=2)
    scene.await_state("load", "ALARM")


def test_missing_data_count_as_the_alarm_says(scene: Scene) -> None:
    """Four alarms in OK whose metric stops, half an hour later."""
    ends = {"missing": "INSUFFICIENT_DATA", "ignore": "OK", "breaching": "ALARM", "notBreaching": "OK"}
    scene.publish(0, 0, 0, 0, 0)
    for treatment in ends:
        scene.put(treatment, TreatMissingData=treatment)
    for treatment in ends:
        scene.await_state(treatment, "OK")
    scene.minutes.skip(30)
    assert {treatment: scene.state(treatment) for treatment in ends} == ends


def test_alarm_on_a_percentile(scene: Scene) -> None:
    """The slowest tenth counts, not the average."""
    at = datetime.fromtimestamp(scene.clock.now() // MINUTE * MINUTE, UTC)
    scene.emulator.cloudwatch.put_metric_data(
        Namespace=scene.namespace,
        MetricData=[{"MetricName": "Load", "Timestamp": at, "Values": [1.0, 99.0], "Counts": [80, 20]}],
    )
    percentile = {"Namespace": scene.namespace, "MetricName": "Load", "Period": MINUTE}
    scene.emulator.cloudwatch.put_metric_alarm(
        AlarmName=scene.name("slow"),
        ExtendedStatistic="p90",
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        **percentile,  # type: ignore[arg-type]
    )
    scene.await_state("slow", "ALARM")
    scene.emulator.cloudwatch.delete_alarms(AlarmNames=[scene.name("slow")])


def test_alarm_on_metric_math(scene: Scene) -> None:
    """An error rate over two metrics, told with its expression."""

    def metric(query_id: str, name: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": scene.namespace, "MetricName": name}, "Period": MINUTE, "Stat": "Sum"}
        return {"Id": query_id, "MetricStat": stat, "ReturnData": False}

    expression = {"Id": "rate", "Expression": "100 * FILL(errors, 0) / calls", "Label": "error rate"}
    scene.put("rate", Metrics=[expression, metric("calls", "Calls"), metric("errors", "Errors")])
    scene.publish(10, metric="Calls")
    scene.publish(4, metric="Errors")
    scene.await_state("rate", "ALARM")
    (told,) = scene.notifications(1)
    assert "[40.0 (" in told["NewStateReason"]
    assert told["Trigger"]["Metrics"][0]["Expression"] == expression["Expression"]


def test_set_alarm_state_acts_and_lasts_until_the_next_look(scene: Scene) -> None:
    """A drill notifies, and is over within a minute."""
    scene.put("load", TreatMissingData="notBreaching")
    scene.await_state("load", "OK")
    scene.emulator.cloudwatch.set_alarm_state(AlarmName=scene.name("load"), StateValue="ALARM", StateReason="drill")
    assert scene.notifications(2)[1]["NewStateReason"] == "drill"
    scene.await_state("load", "OK")


def test_disabled_actions_tell_nothing(scene: Scene) -> None:
    """The state changes, the topic hears nothing; the history has it."""
    scene.put("load", ActionsEnabled=False)
    scene.publish(50)
    scene.await_state("load", "ALARM")
    history = scene.emulator.cloudwatch.describe_alarm_history(AlarmName=scene.name("load"))["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in history] == ["StateUpdate", "ConfigurationUpdate"]


def test_history_tells_changes_and_actions_newest_first(scene: Scene) -> None:
    """Created, updated to ALARM, action done."""
    scene.put("load")
    scene.publish(50)
    scene.await_state("load", "ALARM")
    scene.notifications(1)
    client = scene.emulator.cloudwatch
    history = client.describe_alarm_history(AlarmName=scene.name("load"))["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        f"Successfully executed action {scene.topic}",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f'Alarm "{scene.name("load")}" created',
    ]
    states = client.describe_alarm_history(AlarmName=scene.name("load"), HistoryItemType="StateUpdate")
    data = json.loads(states["AlarmHistoryItems"][0]["HistoryData"])
    assert data["newState"]["stateReasonData"]["threshold"] == 10.0


def test_composite_alarm_follows_its_rule(scene: Scene) -> None:
    """In ALARM when the load is high and nobody said that it may be."""
    scene.put("load", TreatMissingData="notBreaching", AlarmActions=[], OKActions=[])
    scene.put("expected", MetricName="Expected", TreatMissingData="notBreaching", AlarmActions=[], OKActions=[])
    rule = f'ALARM("{scene.name("load")}") AND NOT ALARM({scene.name("expected")})'
    scene.put_composite("page", rule, AlarmActions=[scene.topic])
    scene.await_state("page", "OK")
    scene.publish(50, 50)
    scene.await_state("page", "ALARM")
    (told,) = scene.notifications(1)
    assert told["AlarmRule"] == rule
    assert told["TriggeringChildren"][0]["Arn"].endswith(scene.name("load"))
    scene.await_state("page", "OK")


def test_change_of_state_is_an_event(scene: Scene) -> None:
    """A rule of the event bus hears of it."""
    events, sqs, rule = scene.emulator.events, scene.emulator.sqs, f"alarms-{scene.mark}"
    queue = sqs.create_queue(QueueName=f"events-{scene.mark}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [scene.name("load")]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    scene.put("load")
    scene.publish(50)
    scene.await_state("load", "ALARM")
    event = json.loads(until(lambda: scene.receive(queue), what="the event")[0])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [scene.alarm("load")["AlarmArn"]]
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    sqs.delete_queue(QueueUrl=queue)


def test_alarm_that_makes_no_sense_is_refused(scene: Scene) -> None:
    """Each with AWS's error, and no alarm is left."""
    client = scene.emulator.cloudwatch
    for wrong in (
        {"DatapointsToAlarm": 2},
        {"TreatMissingData": "whatever"},
        {"Period": 61},
        {"Period": 86_400, "EvaluationPeriods": 2},
    ):
        with pytest.raises(client.exceptions.ClientError, match="ValidationError"):
            scene.put("wrong", **wrong)
    with pytest.raises(client.exceptions.ClientError, match="ValidationError"):
        scene.put_composite("wrong", "ALARM(load) XOR TRUE")
    with pytest.raises(client.exceptions.ClientError, match="ValidationError"):
        scene.put_composite("wrong", 'ALARM("there is no such alarm")')
    assert client.describe_alarms(AlarmNamePrefix=scene.name("wrong"))["MetricAlarms"] == []


def test_jump_of_twelve_hours_changes_a_state_at_most_once(scene: Scene) -> None:
    """Alarms judge what is there now, not each minute between."""
    scene.put("load", TreatMissingData="notBreaching")
    scene.publish(50)
    scene.await_state("load", "ALARM")
    scene.minutes.skip(12 * 60)
    scene.await_state("load", "OK")
    # A standard queue, which promises no order.
    assert sorted(each["NewStateValue"] for each in scene.notifications(2)[-2:]) == ["ALARM", "OK"]
