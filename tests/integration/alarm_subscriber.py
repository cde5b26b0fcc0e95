"""A subscriber of the topic that all alarms notify: what people would be told."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from tests.integration.minutes import MINUTE, Minutes
from tests.patience import until

POLL_SECONDS = 5
MEMORY_PERIODS = 3
"""Where nothing more is published, an alarm goes by what it saw last, for so many of its periods."""
MEMORY_MINUTES = 15
"""Those of nearly all alarms."""


class Subscriber:
    """A queue that is subscribed to the topic, and the minutes that go by while it is read."""

    def __init__(self, pipeline: Pipeline, clock: Clock) -> None:
        """Subscribe."""
        self._clients, self._clock, self._topic = pipeline.clients, clock, pipeline.run.alarm_topic_arn
        self._minutes = Minutes(pipeline.clients, clock)
        sqs = self._clients.sqs
        self._inbox = sqs.create_queue(QueueName=f"on-call-{uuid4().hex[:8]}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        subscribed = self._clients.sns.subscribe(TopicArn=self._topic, Protocol="sqs", Endpoint=arn)
        self._subscription = subscribed["SubscriptionArn"]
        self._since = clock.now()
        self._told: list[tuple[float, str, str]] = []
        """When each alarm changed since then, its name and its new state."""

    def unsubscribe(self) -> None:
        """Hear no more."""
        self._clients.sns.unsubscribe(SubscriptionArn=self._subscription)
        self._clients.sqs.delete_queue(QueueUrl=self._inbox)

    def alarms(self, state: str | None = None) -> set[str]:
        """Return the names of the alarms that notify the topic, all or those in a state."""
        return {it["AlarmName"] for it in self._described() if state in (None, it["StateValue"])}

    def total(self, namespace: str, metric: str, **dimensions: str) -> float:
        """Return the sum of what was published of a metric in the last five minutes."""
        now = self._clock.now()
        found = self._clients.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=datetime.fromtimestamp(now - 5 * MINUTE, UTC),
            EndTime=datetime.fromtimestamp(now, UTC),
            Period=MINUTE,
            Statistics=["Sum"],
        )
        return sum(each["Sum"] for each in found["Datapoints"])

    def await_quiet(self) -> None:
        """Let time go by until every alarm is OK, hours where a long one is not, and forget what was told by then."""
        longest = max((it.get("Period", 0) for it in self._described() if it["StateValue"] == "ALARM"), default=0)
        if (minutes := MEMORY_PERIODS * longest // MINUTE) > MEMORY_MINUTES:
            self._minutes.skip(minutes)
        self._minutes.within(MEMORY_MINUTES, lambda: self.alarms("OK") == self.alarms())
        self._since = self._clock.now()
        self._told.clear()

    def await_alarms(self, names: Iterable[str], minutes: int) -> None:
        """Let minutes go by until each of the alarms was told."""
        self._await(set(names), "ALARM", minutes)

    def await_ends(self, names: Iterable[str], after_minutes: int = MEMORY_MINUTES) -> None:
        """Let the minutes go by after which each of the alarms must end, until that was told."""
        self._listen()
        if not set(names) <= self._last_told("OK"):
            self.pass_minutes(after_minutes)
        self._await(set(names), "OK", 5)

    def pass_minutes(self, number: int) -> None:
        """Go over minutes, to where alarms have looked at the last of them."""
        self._minutes.pass_by(number)

    def skip_minutes(self, number: int, *, restless: bool = False) -> None:
        """Jump over minutes in which nothing has to happen one after the other, or in which somebody never rests."""
        self._minutes.skip_restless(number) if restless else self._minutes.skip(number)

    def _described(self) -> list[Mapping[str, Any]]:
        pages = self._clients.cloudwatch.get_paginator("describe_alarms").paginate()
        return [it for page in pages for it in page["MetricAlarms"] if self._topic in it["AlarmActions"]]

    def _await(self, names: set[str], state: str, minutes: int) -> None:
        for _ in range(minutes):
            self._listen()
            if names <= self._last_told(state) | self.alarms(state):
                break
            self._minutes.pass_by()

        def are_told() -> bool:
            self._listen()
            return names <= self._last_told(state)

        until(are_told, what=f"{state} of {sorted(names)}, with {sorted(self.alarms('ALARM'))} in ALARM,")

    def _last_told(self, state: str) -> set[str]:
        if state == "ALARM":
            return {name for _, name, each in self._told if each == state}
        return {name for name, each in {name: each for _, name, each in sorted(self._told)}.items() if each == state}

    def _listen(self) -> None:
        while messages := self._clients.sqs.receive_message(
            QueueUrl=self._inbox, MaxNumberOfMessages=10, WaitTimeSeconds=POLL_SECONDS
        ).get("Messages"):
            for message in messages:
                notification = json.loads(message["Body"])
                assert notification["TopicArn"] == self._topic
                change = json.loads(notification["Message"])
                changed = datetime.fromisoformat(change["StateChangeTime"]).timestamp()
                if changed >= self._since:
                    self._told.append((changed, change["AlarmName"], change["NewStateValue"]))
                self._clients.sqs.delete_message(QueueUrl=self._inbox, ReceiptHandle=message["ReceiptHandle"])
