"""One assembly for every account and region, and nothing in it that only the CDK understands."""

import json
import re

from tests.unit.infra.template import Assembly

TAGGED = {
    *("AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key"),
    *("AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition", "AWS::ECR::Repository"),
    *("AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::SNS::Topic", "AWS::CloudWatch::Alarm", "AWS::IAM::Role"),
    *("AWS::EC2::VPC", "AWS::EC2::NatGateway", "AWS::EC2::VPCEndpoint"),
}
EXPECTED_OUTPUTS = {
    "IngressQueueUrl",
    "IngressDlqUrl",
    "WorkflowsQueueUrl",
    "WorkflowsDlqUrl",
    "StateTable",
    "ResultsBucket",
    "CredentialsSecretId",
    "EcsCluster",
    "EcsService",
    "LambdaFunction",
    "AlarmTopicArn",
    "ImageRepositoryUri",
}


def test_nothing_fixes_an_account_or_a_region(assembly: Assembly) -> None:
    """Both are told at deployment."""
    for stack, template in assembly.templates.items():
        body = json.dumps(template.body)
        assert not re.search(r"\b\d{12}\b", body), stack
        assert not re.search(r"\b(us|eu|ap|sa|ca)-(east|west|north|south|central)[a-z]*-\d", body), stack
        assert "arn:aws:" not in body, stack
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    environments = {it["environment"] for it in manifest["artifacts"].values() if "environment" in it}
    assert environments == {"aws://unknown-account/unknown-region"}


def test_no_resource_runs_code_of_the_cdks_own(assembly: Assembly) -> None:
    """No custom resource: what deploys is what CloudFormation and the emulator know."""
    kinds = {body["Type"] for _, _, body in assembly.resources()}
    assert not [
        kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CDK"))
    ]


def test_every_output_that_programs_read_is_there_once(assembly: Assembly) -> None:
    """Deployment scripts and the harness find everything by these."""
    outputs = [
        name
        for template in assembly.templates.values()
        for name in template.body.get("Outputs", {})
        if not name.startswith("ExportsOutput")
    ]
    assert sorted(outputs) == sorted(EXPECTED_OUTPUTS)


def test_the_scraper_can_change_and_leave_the_queues_alone(assembly: Assembly) -> None:
    """No stack that holds data depends on one that holds code."""
    manifest = json.loads((assembly.folder / "manifest.json").read_text())["artifacts"]
    needs = {
        name: {it for it in body.get("dependencies", []) if not it.endswith(".assets")}
        for name, body in manifest.items()
        if body["type"] == "aws:cloudformation:stack"
    }
    assert needs == {
        "HuntazeNetwork": set(),
        "HuntazeRegistry": set(),
        "HuntazeQueues": set(),
        "HuntazeRateLimiter": {"HuntazeQueues"},
        "HuntazeScraper": {"HuntazeNetwork", "HuntazeQueues", "HuntazeRegistry"},
        "HuntazeObservability": {"HuntazeQueues"},
    }


def test_everything_that_can_bear_tags_bears_the_projects(assembly: Assembly) -> None:
    """So that costs can be told apart."""
    tagged = set()
    for stack, name, body in assembly.resources():
        if body["Type"] in TAGGED:
            tagged.add(body["Type"])
            tags = {it["Key"]: it["Value"] for it in body["Properties"]["Tags"]}
            assert tags["project"] == "huntaze", f"{stack} {name}"
    assert tagged == TAGGED
    (service,) = assembly["Scraper"].properties("AWS::ECS::Service")
    assert service["PropagateTags"] == "SERVICE"


def test_templates_fit_into_one_request(assembly: Assembly) -> None:
    """CloudFormation takes 51,200 bytes without a bucket for templates."""
    for stack, template in assembly.templates.items():
        assert len(json.dumps(template.body, separators=(",", ":")).encode()) < 51_200, stack
