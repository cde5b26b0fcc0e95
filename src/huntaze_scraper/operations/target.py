"""The pipeline that a verb works on, as far as the verb needs to know it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper import names
from huntaze_scraper.operations.clients import Clients
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.state.table import StateTable


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

    @cached_property
    def state(self) -> StateTable:
        """The state table."""
        return StateTable(self.clients.dynamodb, self.state_table)

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


def default_clients() -> Clients:
    """Return clients that find endpoint, region and credentials as every AWS tool does."""
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)  # boto3 alone reads AWS_DEFAULT_REGION
    if session.region_name is None:
        raise TellOperator("no region: set AWS_REGION, or choose a profile with AWS_PROFILE")
    return Clients(session)


def deployed() -> Target:
    """Return the pipeline that the stacks' outputs describe.

    Raises:
        TellOperator: a stack is not there, or AWS cannot be asked.
    """
    clients = default_clients()
    try:
        outputs = dict(_outputs(clients))
    except (ClientError, BotoCoreError) as error:
        raise TellOperator(f"the stacks cannot be read: {error}") from error
    return pipeline(clients, lambda name: outputs["".join(word.capitalize() for word in name.split("_"))])


def _outputs(clients: Clients) -> Iterator[tuple[str, str]]:
    for stack in names.PIPELINE_STACKS:
        described = clients.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        for output in described.get("Outputs", []):
            yield output["OutputKey"], output["OutputValue"]


def pipeline(clients: Clients, value: Callable[[str], str]) -> Target:
    """Return the pipeline of which ``value`` tells each name (a field of Target)."""
    told = [each.name for each in fields(Target) if each.name not in ("clients", "scraper_logs")]
    return Target(clients=clients, **{name: value(name) for name in told})
