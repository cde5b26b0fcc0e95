"""A cluster of its own for a test of ECS, with tasks that are a few lines of Python."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
from localprocs.vclock import Clock

from emulator.harness.clients import Clients, http_client
from tests.patience import until

STRATEGY: list[Any] = [
    {"capacityProvider": "FARGATE_SPOT", "weight": 4},
    {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
]
NETWORK: Any = {"awsvpcConfiguration": {"subnets": ["subnet-00000000"]}}
LONGEST_STOP_SECONDS = 120
IDLE = "import time\nprint('up', flush=True)\nwhile True: time.sleep(60)"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)

START = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "secretsmanager:GetSecretValue",
                    "ssm:GetParameters",
                    "kms:Decrypt",
                ],
                "Resource": "*",
            }
        ],
    }
)


class Scene:
    """A cluster with Fargate's two capacity providers, a log group, a role for tasks and one to start them."""

    def __init__(self, emulator: Clients, clock: Clock) -> None:
        """Make them."""
        self.emulator, self.clock, self.ecs = emulator, clock, emulator.ecs
        self.mark = uuid4().hex[:8]
        self.cluster, self.service, self.group = f"ecs-{self.mark}", f"service-{self.mark}", f"/ecs/{self.mark}"
        self.role = emulator.iam.create_role(RoleName=f"task-{self.mark}", AssumeRolePolicyDocument=TRUST)["Role"][
            "Arn"
        ]
        emulator.iam.put_role_policy(RoleName=f"task-{self.mark}", PolicyName="start", PolicyDocument=START)
        self.ecs.create_cluster(
            clusterName=self.cluster,
            settings=[{"name": "containerInsights", "value": "enabled"}],
            capacityProviders=["FARGATE", "FARGATE_SPOT"],
            defaultCapacityProviderStrategy=STRATEGY,
        )
        emulator.logs.create_log_group(logGroupName=self.group)

    def define(self, program: str = IDLE, execution_role: str | None = None, **container: Any) -> str:
        """Register a revision that runs the program, and return its ARN."""
        options = {"awslogs-group": self.group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
        definition: Any = {
            "name": "main",
            "image": "public.ecr.aws/docker/library/python:3.13",
            "command": ["python", "-c", program],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
            "stopTimeout": 2,
            **container,
        }
        return self.ecs.register_task_definition(
            family=f"family-{self.mark}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="1024",
            memory="2048",
            taskRoleArn=self.role,
            executionRoleArn=execution_role or self.role,
            containerDefinitions=[definition],
        )["taskDefinition"]["taskDefinitionArn"]

    def run(self, definition: str, **request: Any) -> str:
        """Run one task and return its ARN."""
        made = self.ecs.run_task(
            cluster=self.cluster, taskDefinition=definition, networkConfiguration=NETWORK, **request
        )
        return made["tasks"][0]["taskArn"]

    def serve(self, definition: str, desired: int = 1, **request: Any) -> list[str]:
        """Create the service and return its tasks when they run."""
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.service,
            taskDefinition=definition,
            desiredCount=desired,
            networkConfiguration=NETWORK,
            **request,
        )
        return self.running(desired)

    def update(self, **request: Any) -> None:
        """Update the service."""
        self.ecs.update_service(cluster=self.cluster, service=self.service, **request)

    def described(self) -> Any:
        """Describe the service."""
        return self.ecs.describe_services(cluster=self.cluster, services=[self.service])["services"][0]

    def task(self, arn: str) -> Any:
        """Describe a task."""
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"][0]

    def tasks(self) -> list[Any]:
        """Describe the service's tasks that are wanted."""
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName=self.service)["taskArns"]
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []

    def running(self, number: int) -> list[str]:
        """Wait until the service has exactly so many tasks and all run, and return their ARNs."""
        return until(lambda: self.run_now(number), what=f"{number} running tasks")

    def run_now(self, number: int) -> list[str]:
        """Return the ARNs of the service's tasks if they are exactly so many and all run."""
        tasks = self.tasks()
        is_so = len(tasks) == number and all(task["lastStatus"] == "RUNNING" for task in tasks)
        return [task["taskArn"] for task in tasks] if is_so else []

    def steady(self) -> None:
        """Wait until the newest event says so."""
        until(
            lambda: (self.described()["events"] or [{"message": ""}])[0]["message"].endswith("reached a steady state.")
        )

    def stopped(self, arn: str) -> Any:
        """Wait until a task has stopped and describe it."""
        until(lambda: self.task(arn)["lastStatus"] == "STOPPED", what="the task's end")
        return self.task(arn)

    def lines(self, arn: str) -> list[str]:
        """Return what a task has logged."""
        stream = f"p/main/{arn.rsplit('/', 1)[-1]}"
        found = self.emulator.logs.describe_log_streams(logGroupName=self.group, logStreamNamePrefix=stream)
        if not found["logStreams"]:
            return []
        events = self.emulator.logs.get_log_events(
            logGroupName=self.group, logStreamName=stream, startFromHead=True, limit=10_000
        )
        return [event["message"] for event in events["events"]]

    def logged(self, arn: str, line: str) -> None:
        """Wait until a task has logged a line."""
        until(lambda: line in self.lines(arn), what=f"the line {line!r}")

    def process(self, arn: str) -> Any:
        """Return the emulator's record of a task's process: pid and ports."""
        records = http_client.get(f"{self.emulator.endpoint_url}/_emulator/ecs/tasks").json()
        return next(each for each in records if each["taskArn"] == arn)

    def interrupt(self, content: Any) -> httpx.Response:
        """Ask for a Spot interruption."""
        return http_client.post(f"{self.emulator.endpoint_url}/_emulator/ecs/interruptions", json=content)

    @contextmanager
    def events(self) -> Iterator[Any]:
        """Give a function that returns the details of the events of ECS so far, in order of their arrival."""
        name, sqs = f"ecs-{self.mark}", self.emulator.sqs
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["aws.ecs"], "detail": {"clusterArn": [{"suffix": f"/{self.cluster}"}]}}
        self.emulator.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        self.emulator.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
        seen: list[Any] = []

        def so_far() -> list[Any]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
            for message in found:
                seen.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return seen

        try:
            yield so_far
        finally:
            self.emulator.events.remove_targets(Rule=name, Ids=["1"])
            self.emulator.events.delete_rule(Name=name)
            sqs.delete_queue(QueueUrl=url)

    def clear(self) -> None:
        """Take all of it down."""
        self.clock.resume()
        for arn in self.ecs.list_services(cluster=self.cluster)["serviceArns"]:
            self.ecs.delete_service(cluster=self.cluster, service=arn, force=True)
        for arn in self.ecs.list_tasks(cluster=self.cluster)["taskArns"]:
            self.ecs.stop_task(cluster=self.cluster, task=arn)
        # Whoever does not heed SIGTERM has had its time by then.
        until(self._are_asked, what="SIGTERM")
        self.clock.jump(LONGEST_STOP_SECONDS)
        until(self._is_empty, what="the end of all tasks and services")
        self.ecs.delete_cluster(cluster=self.cluster)
        self.emulator.logs.delete_log_group(logGroupName=self.group)
        self.emulator.iam.delete_role_policy(RoleName=f"task-{self.mark}", PolicyName="start")
        self.emulator.iam.delete_role(RoleName=f"task-{self.mark}")

    def _are_asked(self) -> bool:
        asked = ("STOPPING", "DEPROVISIONING", "STOPPED")
        return all(task["lastStatus"] in asked for task in self._ending())

    def _is_empty(self) -> bool:
        # A service drains until it has seen that its last task stopped.
        left = self.ecs.list_tasks(cluster=self.cluster)["taskArns"]
        left += self.ecs.list_services(cluster=self.cluster)["serviceArns"]
        return not left and all(task["lastStatus"] == "STOPPED" for task in self._ending())

    def _ending(self) -> list[Any]:
        arns = self.ecs.list_tasks(cluster=self.cluster, desiredStatus="STOPPED")["taskArns"]
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []
