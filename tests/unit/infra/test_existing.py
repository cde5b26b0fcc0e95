"""What the plan calls existing can be named instead of made."""

from tests.unit.infra.conftest import EXISTING
from tests.unit.infra.template import Assembly, listed, text


def test_an_existing_vpc_is_used_and_none_is_made(assembly_on_existing: Assembly) -> None:
    """Without looking anything up: the options say what there is."""
    assert "HuntazeNetwork" not in assembly_on_existing.templates
    service = assembly_on_existing["Scraper"].only("AWS::ECS::Service")
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"] == EXISTING["private_subnet_ids"].split(
        ","
    )
    assert assembly_on_existing["Scraper"].only("AWS::EC2::SecurityGroup")["VpcId"] == EXISTING["vpc_id"]


def test_an_existing_topic_is_notified_and_none_is_made(assembly_on_existing: Assembly) -> None:
    """Every alarm goes there."""
    template = assembly_on_existing["Observability"]
    assert not template.of_type("AWS::SNS::Topic")
    for alarm in template.properties("AWS::CloudWatch::Alarm"):
        assert alarm["AlarmActions"] == alarm["OKActions"] == [EXISTING["alarm_topic_arn"]]


def test_existing_queues_are_used_and_none_is_made(assembly_on_existing: Assembly) -> None:
    """By mapping, environment, permissions and alarms alike."""
    assert not assembly_on_existing["Queues"].of_type("AWS::SQS::Queue")
    mapping = assembly_on_existing["RateLimiter"].only("AWS::Lambda::EventSourceMapping")
    assert mapping["EventSourceArn"] == EXISTING["ingress_queue_arn"]
    (container,) = assembly_on_existing["Scraper"].only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    variables = {it["Name"]: text(it["Value"]) for it in container["Environment"]}
    assert variables["WORKFLOWS_QUEUE_URL"].endswith("/111122223333/their-workflows.fifo")
    ages = [
        it for it in assembly_on_existing["Observability"].properties("AWS::CloudWatch::Alarm") if it.get("MetricName")
    ]
    assert {"their-workflows.fifo"} == {
        it["Dimensions"][0]["Value"] for it in ages if it["AlarmName"].startswith("workflows_queue")
    }


def test_roles_may_use_the_existing_queues_key(assembly_on_existing: Assembly) -> None:
    """Through SQS, beside our own key."""
    for stack in ("RateLimiter", "Scraper"):
        resources = {
            text(resource)
            for role in assembly_on_existing[stack].properties("AWS::IAM::Role")
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            for resource in listed(statement["Resource"])
        }
        assert EXISTING["queues_key_arn"] in resources


def test_metrics_by_creator_can_be_left_out(assembly_on_existing: Assembly) -> None:
    """Each creator is a metric that is billed."""
    (container,) = assembly_on_existing["Scraper"].only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert {"Name": "METRICS_BY_CREATOR", "Value": "false"} in container["Environment"]
