"""The assembly that ships, synthesised once through the cache."""

import pytest

from infra_cdk.synthesis import synthesise
from tests.unit.infra.template import Assembly

EXISTING = {
    "vpc_id": "vpc-0123456789abcdef0",
    "availability_zones": "eu-west-1a,eu-west-1b",
    "private_subnet_ids": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "alarm_topic_arn": "arn:aws:sns:eu-west-1:111122223333:huntaze-cost-alerts",
    "ingress_queue_arn": "arn:aws:sqs:eu-west-1:111122223333:their-ingress",
    "ingress_dlq_arn": "arn:aws:sqs:eu-west-1:111122223333:their-ingress-dlq",
    "workflows_queue_arn": "arn:aws:sqs:eu-west-1:111122223333:their-workflows.fifo",
    "workflows_dlq_arn": "arn:aws:sqs:eu-west-1:111122223333:their-workflows-dlq.fifo",
    "queues_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/their-key",
    "scaling": "backlog_per_task",
    "metrics_by_creator": "false",
}


@pytest.fixture(scope="session")
def assembly() -> Assembly:
    """Return the assembly as it is deployed without any option."""
    return Assembly(synthesise())


@pytest.fixture(scope="session")
def assembly_on_existing() -> Assembly:
    """Return the assembly that uses an existing VPC, topic and queues, and every other option."""
    return Assembly(synthesise(EXISTING))
