"""The scraper's task and service, its storage."""

import json
from typing import Any

import pytest

from huntaze_scraper.settings import WorkerSettings
from tests.unit.infra.template import Assembly, Json, text


@pytest.fixture
def task(assembly: Assembly) -> Json:
    """Return the task definition."""
    return assembly["Scraper"].only("AWS::ECS::TaskDefinition")


@pytest.fixture
def container(task: Json) -> Json:
    """Return its one container."""
    (only,) = task["ContainerDefinitions"]
    return only


@pytest.fixture
def service(assembly: Assembly) -> Json:
    """Return the service."""
    return assembly["Scraper"].only("AWS::ECS::Service")


@pytest.mark.requirement("6.2")
def test_a_task_is_one_vcpu_two_gigabytes_on_arm(task: Json) -> None:
    """The plan's size, for Fargate."""
    assert task["Family"] == "huntaze-onlyfans-scraper"
    assert (task["Cpu"], task["Memory"]) == ("1024", "2048")
    assert task["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}
    assert task["RequiresCompatibilities"] == ["FARGATE"]


@pytest.mark.requirement("6.1")
def test_four_of_five_tasks_are_spot_and_the_first_is_not(service: Json) -> None:
    """FARGATE_SPOT weight 4, FARGATE weight 1 and base 1."""
    strategy = {it["CapacityProvider"]: (it["Weight"], it.get("Base", 0)) for it in service["CapacityProviderStrategy"]}
    assert strategy == {"FARGATE_SPOT": (4, 0), "FARGATE": (1, 1)}
    assert "LaunchType" not in service


@pytest.mark.requirement("6.1")
def test_the_cluster_offers_both_capacity_providers_before_the_service_asks(assembly: Assembly) -> None:
    """The service waits for the association."""
    template = assembly["Scraper"]
    ((name, body),) = template.of_type("AWS::ECS::ClusterCapacityProviderAssociations").items()
    assert set(body["Properties"]["CapacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}
    (service,) = template.of_type("AWS::ECS::Service").values()
    assert name in service["DependsOn"]


@pytest.mark.requirement("6.3")
def test_container_insights_is_on(assembly: Assembly) -> None:
    """On the plan's cluster."""
    cluster = assembly["Scraper"].only("AWS::ECS::Cluster")
    assert cluster["ClusterName"] == "huntaze-cluster"
    assert cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": "enabled"}]


@pytest.mark.requirement("6.5")
def test_a_task_has_two_minutes_to_end_its_work(container: Json) -> None:
    """The most that Fargate gives, known to the process; an init process hands the signal on and reaps the browsers."""
    assert container["StopTimeout"] == WorkerSettings.stop_timeout_seconds == 120
    assert container["LinuxParameters"]["InitProcessEnabled"] is True


def test_a_deployment_that_does_not_come_up_rolls_back(service: Json) -> None:
    """And the old tasks stay until the new ones stand."""
    deployment = service["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)


def test_an_update_leaves_the_number_of_tasks_to_scaling(service: Json) -> None:
    """ECS starts a new service with 1 task; a count in the template would undo a scale-out at each deployment."""
    assert service["ServiceName"] == "huntaze-onlyfans-scraper-service"
    assert "DesiredCount" not in service


def test_a_sick_task_is_replaced(container: Json) -> None:
    """ECS asks the worker's own health check, on the port that it serves."""
    check = container["HealthCheck"]
    assert check["Command"] == ["CMD", "python", "-m", "huntaze_scraper.worker.health"]
    assert (check["Interval"], check["Timeout"], check["Retries"], check["StartPeriod"]) == (30, 5, 3, 60)
    assert container["PortMappings"] == [{"ContainerPort": WorkerSettings.health_port, "Protocol": "tcp"}]


def test_the_container_gets_its_settings_less_what_the_image_knows(container: Json) -> None:
    """What the infrastructure writes, the process reads: by one class."""
    assert container["Command"] == ["python", "-m", "huntaze_scraper.worker"]
    variables = {it["Name"]: text(it["Value"]) for it in container["Environment"]}
    settings = WorkerSettings.from_env(variables)
    assert set(settings.to_env()) - set(variables) == {"CHROMIUM_PATH"}
    assert set(variables) - set(settings.to_env()) == {"AWS_REGION"}
    assert "Workflows" in settings.workflows_queue_url
    assert "WorkflowsDlq" in settings.workflows_dlq_url


@pytest.mark.requirement("8.5")
def test_nothing_is_injected_that_a_secret_may_lack(container: Json) -> None:
    """ECS starts no task where a key of a secret's JSON is missing: the worker reads the optional ones itself."""
    assert "Secrets" not in container


@pytest.mark.requirement("8.5")
def test_the_credentials_begin_as_a_placeholder_with_every_field(assembly: Assembly) -> None:
    """For its owner to fill in; no password is written down."""
    secret = assembly["Scraper"].only("AWS::SecretsManager::Secret")
    assert secret["Name"] == "huntaze/onlyfans/credentials"
    made = secret["GenerateSecretString"]
    assert json.loads(made["SecretStringTemplate"]) == {"username": "", "totp_secret": "", "api_key": ""}
    assert made["GenerateStringKey"] == "password"


def test_logs_go_to_the_plans_group_and_stay_a_month(assembly: Assembly, container: Json) -> None:
    """Standard output, by awslogs."""
    groups = assembly["Scraper"].of_type("AWS::Logs::LogGroup")
    named = {
        it["Properties"]["LogGroupName"]: (name, it["Properties"]["RetentionInDays"]) for name, it in groups.items()
    }
    name, days = named["/huntaze/production/onlyfans-scraper"]
    assert days == 30
    assert text(container["LogConfiguration"]["Options"]["awslogs-group"]) == f"${{{name}}}"


def test_the_image_is_ours_and_named_by_the_deployment(assembly: Assembly, container: Json) -> None:
    """The repository's stack stands before the service; a deployment gives the digest."""
    image = text(container["Image"])
    assert image.endswith("${ImageReference}")
    assert "HuntazeRegistry" in image
    assert assembly.parameters_of("Scraper")["ImageReference"]["Default"] == ":latest"


@pytest.mark.parametrize("parameter", ["SiteUrl", "MediaHosts"])
def test_the_sites_address_is_a_parameter_with_the_settings_default(assembly: Assembly, parameter: str) -> None:
    """So that one assembly serves every site."""
    defaults: dict[str, Any] = {"SiteUrl": WorkerSettings.site_url, "MediaHosts": WorkerSettings.media_hosts}
    assert assembly.parameters_of("Scraper")[parameter]["Default"] == defaults[parameter]


def test_results_are_private_encrypted_versioned_and_end(assembly: Assembly) -> None:
    """No public access, our key, 90 days; each read is logged to a second bucket, for a year."""
    buckets = {
        it.get("LoggingConfiguration") is not None: it for it in assembly["Scraper"].properties("AWS::S3::Bucket")
    }
    results, access_logs = buckets[True], buckets[False]
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    rule = results["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert results["VersioningConfiguration"] == {"Status": "Enabled"}
    (lifecycle,) = results["LifecycleConfiguration"]["Rules"]
    assert lifecycle["ExpirationInDays"] == 90
    assert lifecycle["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert lifecycle["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert access_logs["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 365


def test_no_bucket_takes_a_request_without_tls(assembly: Assembly) -> None:
    """Each bucket's policy denies it."""
    policies = assembly["Scraper"].properties("AWS::S3::BucketPolicy")
    statements = [
        statement
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert len(policies) == 2
    assert [it["Effect"] for it in statements] == ["Deny", "Deny"]
