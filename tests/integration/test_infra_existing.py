"""VPC, topic and queues that were there before, named by context; and the scaling that the same context chooses."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import ACCOUNT_ID, REGION, Clients
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from tests.integration.alarm_subscriber import Subscriber
from tests.integration.deep_queue import fill_workflows_queue
from tests.integration.minutes import Minutes
from tests.patience import until

pytestmark = [pytest.mark.gate, pytest.mark.browser, pytest.mark.timeout(300)]

SQS = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}"
KEY = "00000000-1111-2222-3333-444444444444"
SUBNETS = {"subnet-0000000000000000a": f"{REGION}a", "subnet-0000000000000000b": f"{REGION}b"}
CONTEXT = {
    "vpc_id": "vpc-00000000000000001",
    "availability_zones": ",".join(SUBNETS.values()),
    "private_subnet_ids": ",".join(SUBNETS),
    "alarm_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:their-alerts",
    "ingress_queue_arn": f"{SQS}:their-ingress",
    "ingress_dlq_arn": f"{SQS}:their-ingress-dlq",
    "workflows_queue_arn": f"{SQS}:their-workflows.fifo",
    "workflows_dlq_arn": f"{SQS}:their-workflows-dlq.fifo",
    "queues_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{KEY}",
    "scaling": "backlog_per_task",
}


@pytest.fixture(scope="module")
def own_harness(pytestconfig: pytest.Config) -> Iterator[Harness]:
    """A harness whose cloud holds VPC, topic and queues before anything is deployed."""
    if pytestconfig.getoption("--backend") == "aws":
        pytest.skip("only on the emulator")
    speed = pytestconfig.getoption("--speed")
    with Harness(Options(speed=speed, context=CONTEXT, prepare=_make_what_exists)) as running:
        yield running


def test_a_job_goes_through_the_existing_queues(own_harness: Harness) -> None:
    """No queue of ours is made, the roles may use theirs and their key, and the tasks run in their subnets."""
    pipeline, ecs = Pipeline(own_harness.run), own_harness.clients.ecs
    job = pipeline.send({"action": "scrape_profile", "creator_id": "creator-01", "profile_url": "/creator-01"})

    assert pipeline.await_results([job], 90)[job.job_id]["status"] == "succeeded"
    queues = {it.rpartition("/")[2] for it in own_harness.clients.sqs.list_queues()["QueueUrls"]}
    assert queues == {CONTEXT[it].rpartition(":")[2] for it in CONTEXT if it.endswith(("queue_arn", "dlq_arn"))}
    (arn,) = ecs.list_tasks(cluster=own_harness.run.ecs_cluster)["taskArns"]
    (task,) = ecs.describe_tasks(cluster=own_harness.run.ecs_cluster, tasks=[arn])["tasks"]
    details = {it["name"]: it["value"] for each in task["attachments"] for it in each["details"]}
    assert details["subnetId"] in SUBNETS


@pytest.mark.requirement("5.5")
def test_alarms_notify_the_existing_topic(own_harness: Harness) -> None:
    """A message that is no job is told there."""
    pipeline = Pipeline(own_harness.run)
    assert isinstance(own_harness.clock, Clock)
    subscriber = Subscriber(pipeline, own_harness.clock)
    pipeline.clients.sqs.send_message(QueueUrl=pipeline.run.ingress_queue_url, MessageBody="no job")
    subscriber.await_alarms({"dlq_messages_warning"}, 5)
    subscriber.unsubscribe()


@pytest.mark.requirement("3.1")
def test_backlog_per_task_scales_to_what_the_queue_needs_and_stays_there(own_harness: Harness) -> None:
    """300 jobs of an account that rests make three tasks, not ten; when they are gone, one."""
    pipeline, site = Pipeline(own_harness.run), SiteControl(own_harness.run.site_url)
    site.faults({"match": {"path": "/api/chats/*"}, "fault": {"kind": "challenge"}})
    fill_workflows_queue(pipeline, 300, accounts=1)

    assert isinstance(own_harness.clock, Clock)
    minutes = Minutes(pipeline.clients, own_harness.clock)
    own_harness.clock.pause()  # between the minutes nothing becomes due, however long the tasks take to start
    desired = [_after_a_minute(pipeline, minutes) for _ in range(10)]
    assert max(desired) == desired[-1] == 3
    pipeline.forget()
    minutes.pass_by(14)
    minutes.within(30, lambda: pipeline.desired_count() == 1, each=5)


def _after_a_minute(pipeline: Pipeline, minutes: Minutes) -> int:
    """Let a minute go by and return how many tasks are wanted, when so many run."""
    minutes.pass_by()

    def settled() -> int:
        wanted = pipeline.desired_count()
        return wanted if pipeline.running_count() == wanted else 0

    return until(settled, 60, "the wanted tasks running")


def _make_what_exists(clients: Clients) -> None:
    session = boto3.Session("test", "test", region_name=REGION)
    ec2, kms = (session.client(it, endpoint_url=clients.endpoint_url) for it in ("ec2", "kms"))  # type: ignore[call-overload]
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=_named("vpc", CONTEXT["vpc_id"]))["Vpc"]["VpcId"]
    for number, (subnet, zone) in enumerate(SUBNETS.items()):
        ec2.create_subnet(
            VpcId=vpc,
            AvailabilityZone=zone,
            CidrBlock=f"10.1.{number}.0/24",
            TagSpecifications=_named("subnet", subnet),
        )
    kms.create_key(Tags=[{"TagKey": "_custom_id_", "TagValue": KEY}])
    clients.sns.create_topic(Name=CONTEXT["alarm_topic_arn"].rpartition(":")[2])
    for name in ("ingress_queue_arn", "ingress_dlq_arn", "workflows_queue_arn", "workflows_dlq_arn"):
        queue = CONTEXT[name].rpartition(":")[2]
        fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        clients.sqs.create_queue(
            QueueName=queue,
            Attributes={"KmsMasterKeyId": CONTEXT["queues_key_arn"], "VisibilityTimeout": "300", **fifo},
        )


def _named(kind: str, name: str) -> Any:
    """Ask the emulator for a resource of this id."""
    return [{"ResourceType": kind, "Tags": [{"Key": "_custom_id_", "Value": name}]}]
