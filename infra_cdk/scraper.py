"""The scraper: an ECS service on Fargate that carries the jobs out, the bucket for results, the site's credentials."""

from typing import Any

from aws_cdk import Aws, CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from huntaze_scraper.settings import WorkerSettings
from infra_cdk.network import Network
from infra_cdk.options import Options
from infra_cdk.permissions import allow, items, publish_metrics, use_key
from infra_cdk.queues import Queues

CLUSTER_NAME = "huntaze-cluster"
SERVICE_NAME = "huntaze-onlyfans-scraper-service"
FAMILY = "huntaze-onlyfans-scraper"
LOG_GROUP_NAME = "/huntaze/production/onlyfans-scraper"
CREDENTIALS_NAME = "huntaze/onlyfans/credentials"
COMMAND = ["python", "-m", "huntaze_scraper.worker"]
HEALTH_COMMAND = ["CMD", "python", "-m", "huntaze_scraper.worker.health"]


class Scraper(Stack):
    """Bucket, secret, cluster, task definition, service and its scaling."""

    cluster: ecs.Cluster
    service: ecs.FargateService
    log_group: logs.LogGroup

    def __init__(  # noqa: PLR0913 - the components that it stands on
        self,
        scope: Construct,
        name: str,
        *,
        options: Options,
        network: Network,
        queues: Queues,
        repository: ecr.IRepository,
        **stack: Any,
    ) -> None:
        """Run the image that the parameter ImageUri names."""
        super().__init__(scope, name, **stack)
        self._queues = queues
        self._repository = repository
        # By ARN: constructs given the key itself would write this stack's roles into the key's policy, a cycle.
        self._key = kms.Key.from_key_arn(self, "Key", queues.key.key_arn)
        self.results = s3.Bucket(
            self,
            "Results",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(90), abort_incomplete_multipart_upload_after=Duration.days(7)
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.credentials = secretsmanager.Secret(
            self,
            "Credentials",
            secret_name=CREDENTIALS_NAME,
            description="Log-in at the site; the generated password is a placeholder until the owner's is put",
            encryption_key=self._key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"username": "", "totp_secret": "", "api_key": ""}',
                generate_string_key="password",
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=LOG_GROUP_NAME,
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=CLUSTER_NAME,
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
            enable_fargate_capacity_providers=True,
        )
        self.service = self._service(self._task_definition())
        self._scale()
        CfnOutput(self, "ResultsBucket", value=self.results.bucket_name)
        CfnOutput(self, "CredentialsSecretId", value=CREDENTIALS_NAME)
        CfnOutput(self, "EcsCluster", value=self.cluster.cluster_name)
        CfnOutput(self, "EcsService", value=self.service.service_name)

    def _task_definition(self) -> ecs.FargateTaskDefinition:
        image = CfnParameter(self, "ImageUri", description="Image to run, with its tag or digest")
        site = CfnParameter(self, "SiteUrl", description="Address of the site", default=_default("site_url"))
        media = CfnParameter(
            self, "MediaHosts", description="Hosts that media may come from", default=_default("media_hosts")
        )
        settings = WorkerSettings(
            workflows_queue_url=self._queues.workflows.queue_url,
            workflows_dlq_url=self._queues.workflows_dlq.queue_url,
            state_table=self._queues.state.table_name,
            results_bucket=self.results.bucket_name,
            credentials_secret_id=CREDENTIALS_NAME,
            site_url=site.value_as_string,
            media_hosts=media.value_as_string,
        )
        definition = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=FAMILY,
            cpu=1024,
            memory_limit_mib=2048,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
            task_role=self._task_role(),
            execution_role=self._execution_role().without_policy_updates(),
        )
        parameters = ecs.LinuxParameters(self, "Linux", init_process_enabled=True)
        definition.add_container(
            "scraper",
            image=ecs.ContainerImage.from_registry(image.value_as_string),
            command=COMMAND,
            environment={"AWS_REGION": Aws.REGION, **_without_the_images_own(settings.to_env())},
            secrets={"ONLYFANS_API_KEY": ecs.Secret.from_secrets_manager(self.credentials, "api_key")},
            port_mappings=[ecs.PortMapping(container_port=settings.health_port)],
            health_check=ecs.HealthCheck(
                command=HEALTH_COMMAND,
                interval=Duration.seconds(30),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(60),
            ),
            stop_timeout=Duration.seconds(settings.stop_timeout_seconds),
            linux_parameters=parameters,
            logging=ecs.LogDriver.aws_logs(stream_prefix="scraper", log_group=self.log_group),
        )
        return definition

    def _service(self, definition: ecs.FargateTaskDefinition) -> ecs.FargateService:
        group = ec2.SecurityGroup(
            self, "Tasks", vpc=self.cluster.vpc, description="Scraper tasks: nothing comes in, all that goes out may"
        )
        # No desired count: a new service starts with one task, and an update leaves what scaling has reached.
        return ecs.FargateService(
            self,
            "Service",
            service_name=SERVICE_NAME,
            cluster=self.cluster,
            task_definition=definition,
            security_groups=[group],
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=4),
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE", weight=1, base=1),
            ],
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            min_healthy_percent=100,
            max_healthy_percent=200,
        )

    def _scale(self) -> None:
        scaling = self.service.auto_scale_task_count(min_capacity=1, max_capacity=10)
        scaling.scale_to_track_custom_metric(
            "Backlog",
            metric=self._queues.workflows.metric_approximate_number_of_messages_visible(statistic="Average"),
            target_value=100,
            scale_in_cooldown=Duration.seconds(300),
            scale_out_cooldown=Duration.seconds(60),
        )

    def _task_role(self) -> iam.Role:
        queues = self._queues
        statements = [
            allow(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], queues.workflows.queue_arn
            ),
            allow(["sqs:SendMessage"], queues.workflows_dlq.queue_arn),
            items(
                ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                queues.state.table_arn,
                "job#",
                "session#",
                "pause#",
            ),
            allow(["s3:PutObject"], self.results.arn_for_objects("results/*")),
            allow(["secretsmanager:GetSecretValue"], *_secret_arns()),
            publish_metrics(),
            use_key(self._key, "sqs", "dynamodb", "s3", "secretsmanager"),
        ]
        return self._ecs_role("TaskRole", statements)

    def _execution_role(self) -> iam.Role:
        statements = [
            allow(
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                self._repository.repository_arn,
            ),
            allow(["ecr:GetAuthorizationToken"], "*"),
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn),
            allow(["secretsmanager:GetSecretValue"], self.credentials.secret_arn),
            use_key(self._key, "secretsmanager", write=False),
        ]
        return self._ecs_role("ExecutionRole", statements)

    def _ecs_role(self, name: str, statements: list[iam.PolicyStatement]) -> iam.Role:
        return iam.Role(
            self,
            name,
            assumed_by=iam.ServicePrincipal(
                "ecs-tasks.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            inline_policies={"Scraper": iam.PolicyDocument(statements=statements)},
        )


def _without_the_images_own(environment: dict[str, str]) -> dict[str, str]:
    # The image knows where its browser is; a variable of the task would hide the image's.
    return {name: value for name, value in environment.items() if name != "CHROMIUM_PATH"}


def _secret_arns() -> list[str]:
    # Secrets Manager ends every ARN with a dash and six characters of its own.
    prefix = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}:secret:{CREDENTIALS_NAME}"
    return [f"{prefix}-??????", f"{prefix}/*"]


def _default(name: str) -> str:
    return str(WorkerSettings.__dataclass_fields__[name].default)
