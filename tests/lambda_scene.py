"""Functions of a few lines of Python, with a role and a queue of their own, for tests of Lambda."""

import io
import json
import textwrap
import zipfile
from typing import Any
from uuid import uuid4

from emulator.harness.clients import Clients
from tests.patience import until

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]


class Scene:
    """What one test makes, and takes away again."""

    def __init__(self, emulator: Clients) -> None:
        """Make the role."""
        self.emulator = emulator
        self.mark = uuid4().hex[:8]
        self.role_name = f"function-{self.mark}"
        role = emulator.iam.create_role(RoleName=self.role_name, AssumeRolePolicyDocument=TRUST)["Role"]
        self.role = role["Arn"]
        self.allow([*LOGS, *POLL])
        self._functions: list[str] = []
        self._queues: list[str] = []
        self._mappings: list[str] = []

    def allow(self, actions: list[str], resource: str = "*") -> None:
        """Let the functions do this, and nothing else."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.emulator.iam.put_role_policy(RoleName=self.role_name, PolicyName="all", PolicyDocument=document)

    def function(self, code: str, **settings: Any) -> str:
        """Make a function whose handler is ``handler`` in the code, and return its name."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("app.py", textwrap.dedent(code))
        name = f"function-{self.mark}-{len(self._functions)}"
        self.emulator.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self.role,
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            **{"Timeout": 60, **settings},
        )
        self._functions.append(name)
        return name

    def invoke(self, name: str, **payload: Any) -> tuple[Any, str | None]:
        """Return the answer and the kind of error."""
        answer = self.emulator.lambda_.invoke(FunctionName=name, Payload=json.dumps(payload))
        return json.load(answer["Payload"]), answer.get("FunctionError")

    def queue(self, **attributes: str) -> str:
        """Make a queue and return its URL."""
        url = self.emulator.sqs.create_queue(QueueName=f"queue-{self.mark}", Attributes=attributes)["QueueUrl"]
        self._queues.append(url)
        return url

    def map(self, queue_url: str, function: str, **settings: Any) -> str:
        """Let the queue invoke the function, and return the mapping's id."""
        arn = self.emulator.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        mapping = self.emulator.lambda_.create_event_source_mapping(
            EventSourceArn=arn["QueueArn"], FunctionName=function, **settings
        )
        self._mappings.append(mapping["UUID"])
        return mapping["UUID"]

    def log(self, function: str) -> list[str]:
        """Return what the function logged until now, in order."""
        logs = self.emulator.logs
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
            events = [event for page in pages for event in page["events"]]
            return [event["message"] for event in sorted(events, key=lambda event: event["timestamp"])]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def logged(self, function: str, text: str, count: int = 1) -> list[str]:
        """Wait until as many lines hold the text, and return them."""
        return until(lambda: self.logged_now(function, text, count), what=f"{count} x {text!r} in the log")

    def logged_now(self, function: str, text: str, count: int = 1) -> list[str]:
        """Return the lines that hold the text if they are as many."""
        found = [it for it in self.log(function) if text in it]
        return found if len(found) >= count else []

    def depth(self, queue_url: str) -> tuple[int, int]:
        """Return the messages that can be received, and those in flight."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.emulator.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(names))["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def sum(self, metric: str, function: str) -> float:
        """Return a metric of the function, summed over the last day."""
        now = self.emulator.cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=0,
            EndTime=2**31,
            Period=86_400 * 365,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(each["Sum"] for each in now)

    def clear(self) -> None:
        """Take everything away."""
        for mapping in self._mappings:
            self.emulator.lambda_.delete_event_source_mapping(UUID=mapping)
        for name in self._functions:
            self.emulator.lambda_.delete_function(FunctionName=name)
        for url in self._queues:
            self.emulator.sqs.delete_queue(QueueUrl=url)
        self.emulator.iam.delete_role_policy(RoleName=self.role_name, PolicyName="all")
        self.emulator.iam.delete_role(RoleName=self.role_name)
