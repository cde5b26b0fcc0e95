"""Which pipeline a verb works on: the harness that is up, or the one deployed where the default AWS credentials lead."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from emulator.harness.clients import Clients
from emulator.harness.errors import HarnessError
from emulator.harness.run_file import Run
from infra_cdk import names

STACKS = ("HuntazeQueues", "HuntazeRateLimiter", "HuntazeScraper")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What operators' verbs need to know of a pipeline."""

    clients: Clients
    ingress_queue_url: str
    ingress_dlq_url: str
    workflows_queue_url: str
    workflows_dlq_url: str
    results_bucket: str
    state_table: str
    lambda_function: str
    scraper_logs: str = names.SCRAPER_LOGS

    @property
    def limiter_logs(self) -> str:
        """The limiter's log group, which Lambda names for the function."""
        return f"/aws/lambda/{self.lambda_function}"

    def now(self) -> datetime:
        """Ask the cloud for the time: queues and tables go by its clock, not by this machine's."""
        answer: Any = self.clients.sqs.get_queue_attributes(
            QueueUrl=self.ingress_queue_url, AttributeNames=["QueueArn"]
        )
        told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return parsedate_to_datetime(told) if told else datetime.now(UTC)


def of_run(run: Run) -> Target:
    """Return the pipeline of a running harness."""
    return _target(run.clients, lambda name: str(getattr(run, name)))


def default_clients() -> Clients:
    """Return clients that find endpoint, region and credentials as every AWS tool does."""
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)  # boto3 alone reads AWS_DEFAULT_REGION
    if session.region_name is None:
        raise HarnessError("no region: set AWS_REGION, or choose a profile with AWS_PROFILE")
    return Clients(None, session.region_name, session)


def deployed() -> Target:
    """Return the pipeline that the stacks' outputs describe.

    Raises:
        HarnessError: a stack is not there, or AWS cannot be asked.
    """
    clients = default_clients()
    try:
        outputs = dict(_outputs(clients))
    except (ClientError, BotoCoreError) as error:
        raise HarnessError(f"the stacks cannot be read: {error}") from error
    return _target(clients, lambda name: outputs["".join(word.capitalize() for word in name.split("_"))])


def _outputs(clients: Clients) -> Iterator[tuple[str, str]]:
    for stack in STACKS:
        described = clients.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        for output in described.get("Outputs", []):
            yield output["OutputKey"], output["OutputValue"]


def _target(clients: Clients, value: Callable[[str], str]) -> Target:
    told = [each.name for each in fields(Target) if each.name not in ("clients", "scraper_logs")]
    return Target(clients=clients, **{name: value(name) for name in told})
