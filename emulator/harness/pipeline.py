"""The pipeline as a producer and an operator see it: send a job, follow it, read its result."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError
from emulator.harness.run_file import Run
from huntaze_scraper import jobs
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import StateTable
from huntaze_scraper.worker import results


@dataclass(frozen=True)
class SentJob:
    """A job on its way."""

    job_id: str
    message_id: str
    account: str
    payload: Mapping[str, Any]


class Pipeline:
    """Sends jobs into a running harness and waits for what becomes of them."""

    def __init__(self, run: Run) -> None:
        """Use the given harness."""
        self.run = run
        self.clients = run.clients
        self.state = StateTable(run.clients.dynamodb, run.state_table)
        self._journal = f"{run.aws_endpoint_url}/_emulator/sqs/journal"

    def journal(self, queue_url: str) -> list[dict[str, Any]]:
        """Return every message that a queue accepted, in order of sending, with what became of it."""
        answer = http_client.get(self._journal, params={"queue": queue_url.rpartition("/")[2]}).raise_for_status()
        return list(answer.json()["messages"])

    @contextmanager
    def without_scraper(self) -> Iterator[None]:
        """Run no task of the service meanwhile: what is forwarded stays there, until it is forgotten."""
        with self.scaled_to(0):
            try:
                yield
            finally:
                self.forget()

    @contextmanager
    def scaled_to(self, count: int) -> Iterator[None]:
        """Run so many tasks of the service meanwhile, however full its queue is."""
        self._let_scale(allowed=False)
        try:
            self.scale_to(count)
            yield
        finally:
            self._let_scale(allowed=True)
            self.scale_to(1)

    def _let_scale(self, *, allowed: bool) -> None:
        self.clients.autoscaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{self.run.ecs_cluster}/{self.run.ecs_service}",
            ScalableDimension="ecs:service:DesiredCount",
            SuspendedState={"DynamicScalingInSuspended": not allowed, "DynamicScalingOutSuspended": not allowed},
        )

    def scale_to(self, count: int, timeout_seconds: float = 60) -> None:
        """Set the service's desired count, and wait until so many tasks run (real seconds)."""
        ecs, cluster, service = self.clients.ecs, self.run.ecs_cluster, self.run.ecs_service
        ecs.update_service(cluster=cluster, service=service, desiredCount=count)
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
            if found["runningCount"] == count and found["pendingCount"] == 0:
                return
            time.sleep(0.1)
        raise HarnessError(f"the service did not come to {count} tasks within {timeout_seconds:g} s")

    def await_health(self, timeout_seconds: float = 60) -> None:
        """Wait until no task of the service is starting or sick (real seconds).

        Raises:
            HarnessError: one still is after the time.
        """
        ecs, cluster, service = self.clients.ecs, self.run.ecs_cluster, self.run.ecs_service
        deadline = time.monotonic() + timeout_seconds
        while arns := ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]:
            tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
            if all(task["healthStatus"] == "HEALTHY" for task in tasks):
                return
            if time.monotonic() > deadline:
                raise HarnessError(
                    f"not every task of the service is healthy after {timeout_seconds:g} s; logs: {self.run.logs_dir}"
                )
            time.sleep(0.1)

    def desired_count(self) -> int:
        """Return how many tasks the service is to have."""
        return int(self._service()["desiredCount"])

    def running_count(self) -> int:
        """Return how many it has."""
        return int(self._service()["runningCount"])

    def _service(self) -> Any:
        found = self.clients.ecs.describe_services(cluster=self.run.ecs_cluster, services=[self.run.ecs_service])
        return found["services"][0]

    def depth(self, queue_url: str) -> int:
        """Return how many messages a queue holds, in flight ones too."""
        found = self.clients.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def forget(self) -> None:
        """Empty all queues and tables, but for the sites' sessions: as if no job had ever been sent."""
        run = self.run
        for url in (run.ingress_queue_url, run.ingress_dlq_url, run.workflows_queue_url, run.workflows_dlq_url):
            self.clients.sqs.purge_queue(QueueUrl=url)
        http_client.delete(self._journal).raise_for_status()
        for key in self.state.find_keys():
            if not key.startswith(Kind.SESSION.prefix):
                self.state.delete(key)
        pages = self.clients.dynamodb.get_paginator("scan").paginate(
            TableName=self._line_table(), ProjectionExpression="pk, sk"
        )
        for item in (item for page in pages for item in page["Items"]):
            self.clients.dynamodb.delete_item(TableName=self._line_table(), Key=item)

    def _line_table(self) -> str:
        found = self.clients.lambda_.get_function_configuration(FunctionName=self.run.lambda_function)
        return found["Environment"]["Variables"]["LINE_TABLE"]

    def send(self, payload: Mapping[str, Any]) -> SentJob:
        """Put a job on the ingress queue.

        Raises:
            InvalidJob: against the schema; nothing was sent.
        """
        body = json.dumps({"timestamp": datetime.now(UTC).isoformat(), **payload}, ensure_ascii=False)
        job = jobs.parse(body)
        answer = self.clients.sqs.send_message(QueueUrl=self.run.ingress_queue_url, MessageBody=body)
        return SentJob(job.job_id, answer["MessageId"], job.account, job.payload)

    def result_key(self, job: SentJob) -> str:
        """Return where in the results bucket the job's result is written."""
        return results.key(job.account, job.job_id)

    def find_result(self, job: SentJob) -> dict[str, Any] | None:
        """Return the job's result, if it is there."""
        try:
            answer = self.clients.s3.get_object(Bucket=self.run.results_bucket, Key=self.result_key(job))
        except self.clients.s3.exceptions.NoSuchKey:
            return None
        return dict(json.loads(answer["Body"].read()))

    def stage(self, job: SentJob) -> str:
        """Return where the job is: in the ``ingress queue``, the ``workflows queue`` or the ``scraper``."""
        if self.state.get(Kind.JOB.key(job.job_id), "pk"):
            return "scraper"
        return "workflows queue" if any(it.get("forwarded") for it in self.decisions(job)) else "ingress queue"

    def decisions(self, job: SentJob) -> list[dict[str, Any]]:
        """Return the limiter's decisions about the job, from its log, oldest first."""
        group = f"/aws/lambda/{self.run.lambda_function}"
        try:
            events = self.clients.logs.filter_log_events(logGroupName=group, filterPattern=f'"{job.message_id}"')[
                "events"
            ]
        except self.clients.logs.exceptions.ResourceNotFoundException:
            return []
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        return [line for line in lines if line.get("message_id") == job.message_id]

    def await_results(self, sent: Sequence[SentJob], timeout_seconds: float = 60) -> dict[str, dict[str, Any]]:
        """Wait for the results of all jobs, and return them by job id.

        Raises:
            HarnessError: names the jobs without a result after the time (real seconds).
        """
        deadline = time.monotonic() + timeout_seconds
        found = dict[str, dict[str, Any]]()
        for job in sent:  # one after the other: asking for all each time is most of what an emulator would do
            while (result := self.find_result(job)) is None and time.monotonic() < deadline:
                time.sleep(0.1)
            if result is not None:
                found[job.job_id] = result
        missing = [job.job_id[:12] for job in sent if job.job_id not in found]
        if missing:
            names = ", ".join(missing)
            raise HarnessError(f"no result within {timeout_seconds:g} s for {names}; logs: {self.run.logs_dir}")
        return found
