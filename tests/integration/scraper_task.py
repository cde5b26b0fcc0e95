"""The scraper as its container runs it: a process, at a fake site, with moto's AWS over HTTP.

Time runs at the wall's pace while a test waits for a moment (`wait_for`), and leaps over waiting where it waits for an
end (`Cloud.ends`).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from localprocs.vclock import Clock

from emulator.harness.clients import http_client
from huntaze_scraper import jobs, names
from huntaze_scraper.jobs import Job
from huntaze_scraper.settings import WorkerSettings
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.worker import results
from tests.integration.scraper_office import chromium
from tests.integration.scraper_world import Site, Surroundings, surroundings
from tests.unit.worker.doubles import payload

PATIENCE_SECONDS = 60.0
END_SECONDS = 600.0
"""Virtual."""
FIFO = {"FifoQueue": "true", "VisibilityTimeout": "300"}


def wait_for(is_so: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something is so, in bounded time."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"still waiting for {what}"
        time.sleep(0.05)


@dataclass
class Task:
    """One run of the worker."""

    process: subprocess.Popen[bytes]
    log: Path
    clock: Clock

    def kill(self) -> None:
        """SIGKILL, at this very moment."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def stop(self, seconds: float = PATIENCE_SECONDS) -> int:
        """SIGTERM; return the exit status, which comes in time (virtual seconds)."""
        self.process.send_signal(signal.SIGTERM)
        self.clock.until(lambda: self.process.poll() is not None, within=seconds, each=0.5, what="the task's end")
        return self.process.returncode

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        whole, _, _ = self.log.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return its log lines of one event."""
        return [line for line in self.lines if line["event"] == name]


@dataclass
class Cloud:
    """The AWS side: queues, table, bucket, secrets; and the site."""

    world: Surroundings
    folder: Path
    clients: dict[str, Any]
    settings: WorkerSettings = field(init=False)
    tasks: list[Task] = field(default_factory=list)

    def __post_init__(self) -> None:
        http_client.post(f"{self.world.aws_url}/moto-api/reset")
        self.site.control.reset()
        urls = [self.sqs.create_queue(QueueName=name, Attributes=FIFO)["QueueUrl"] for name in ("w.fifo", "d.fifo")]
        self.clients["s3"].create_bucket(Bucket="results")
        self.clients["dynamodb"].create_table(
            TableName="state",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        self.settings = WorkerSettings(
            workflows_queue_url=urls[0],
            workflows_dlq_url=urls[1],
            state_table="state",
            results_bucket="results",
            credentials_secret_id=names.CREDENTIALS,
            site_url=self.site.url,
            media_hosts=self.site.url.removeprefix("http://"),
            chromium_path=str(self.world.chromium),
            health_port=0,
            visibility_seconds=4,
            rate_limit_window_seconds=3.0,
            rate_limit_capacity=100,
            stop_timeout_seconds=20,
            late_effect_seconds=3.0,
        )
        account = next(iter(self.site.accounts.values()))
        self.secret({"username": account.username, "password": account.password, "accounts": list(self.site.accounts)})

    @property
    def site(self) -> Site:
        return self.world.site

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def sqs(self) -> Any:
        return self.clients["sqs"]

    def secret(self, values: dict[str, Any], name: str = names.CREDENTIALS) -> None:
        """Keep a secret, new or changed."""
        client = self.clients["secretsmanager"]
        try:
            client.create_secret(Name=name, SecretString=json.dumps(values))
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=name, SecretString=json.dumps(values))

    def start(self, **environment: str) -> Task:
        """Start the worker."""
        log = self.folder / f"task-{len(self.tasks)}.log"
        env = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "AWS_ENDPOINT_URL": self.world.aws_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test-secret-access-key",
        }
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "huntaze_scraper.worker"],
                env=env | self.world.clock_env | _measured() | self.settings.to_env() | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        self.tasks.append(Task(process, log, self.clock))
        return self.tasks[-1]

    def send(self, **changes: Any) -> Job:
        """Put a job on the workflows queue, as the limiter does."""
        body = json.dumps(payload(creator_id="creator-01", user_id="fan-001") | changes)
        job = jobs.parse(body)
        self.sqs.send_message(
            QueueUrl=self.settings.workflows_queue_url,
            MessageBody=body,
            MessageGroupId=job.group_id,
            MessageDeduplicationId=job.job_id,
        )
        return job

    def fault(self, *rules: dict[str, Any]) -> None:
        """Have the site misbehave."""
        self.site.control.faults(*rules)

    def ends(self, is_so: Callable[[], Any], what: str) -> None:
        """Let time leap over waiting until something is so."""
        self.clock.until(is_so, within=END_SECONDS, each=1.0, what=what)

    def result(self, job: Job) -> dict[str, Any] | None:
        """Return a job's result, if there is one."""
        client = self.clients["s3"]
        try:
            body = client.get_object(Bucket="results", Key=results.key(job.account, job.job_id))["Body"].read()
        except client.exceptions.NoSuchKey:
            return None
        return dict(json.loads(body))

    def await_result(self, job: Job) -> dict[str, Any]:
        """Wait for a job's result."""
        self.ends(lambda: self.result(job), f"the result of {job.action}")
        return self.result(job) or {}

    def await_empty(self) -> None:
        """Wait until the workflows queue holds nothing, visible or not."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

        def is_empty() -> bool:
            found = self.sqs.get_queue_attributes(QueueUrl=self.settings.workflows_queue_url, AttributeNames=["All"])
            return all(found["Attributes"][name] == "0" for name in names)

        self.ends(is_empty, "an empty queue")

    def end_log_in_leases(self) -> None:
        """Let the time pass after which nobody waits any more for a task that died over a log-in."""
        for item in self.items(Kind.SESSION.prefix):
            self.clients["dynamodb"].update_item(
                TableName="state",
                Key={"pk": item["pk"]},
                UpdateExpression="SET lease_until = :past",
                ExpressionAttributeValues={":past": {"N": "0"}},
            )

    def items(self, prefix: str) -> list[dict[str, Any]]:
        """Return the state table's items below a prefix of their key."""
        found = self.clients["dynamodb"].scan(TableName="state")["Items"]
        return [item for item in found if item["pk"]["S"].startswith(prefix)]

    @property
    def sent(self) -> list[str]:
        """The texts that the site accepted."""
        return [each["text"] for each in self.site.control.messages()]

    def close(self) -> None:
        """End every task that is left."""
        for task in self.tasks:
            if task.process.poll() is None:
                task.kill()


@contextlib.contextmanager
def services() -> Iterator[Callable[[], Cloud]]:
    """Run moto and a site; what is returned makes a fresh cloud on them."""
    chromium()
    with surroundings() as world, tempfile.TemporaryDirectory() as folder:
        made = [
            boto3.client(
                name,
                endpoint_url=world.aws_url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            for name in ("sqs", "dynamodb", "s3", "secretsmanager", "cloudwatch")
        ]
        clients = {each.meta.service_model.service_name: each for each in made}
        yield lambda: Cloud(world, Path(tempfile.mkdtemp(dir=folder)), clients)


def _measured() -> dict[str, str]:
    """What has the process measured where the tests are."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
