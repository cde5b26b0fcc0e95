"""The scraper's task: its container, its environment, and what its two roles may do."""

from typing import cast

from aws_cdk import Aws, CfnElement, CfnParameter, Duration, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from huntaze_scraper import names
from huntaze_scraper.settings import WorkerSettings
from huntaze_scraper.state.keys import Kind
from infra_cdk.acknowledged import NO_RESOURCE, acknowledge
from infra_cdk.options import Options
from infra_cdk.permissions import allow, items, publish_metrics, role
from infra_cdk.queues import MAX_RECEIVE_COUNT, Queues
from infra_cdk.storage import PROGRESS

COMMAND = ["python", "-m", "huntaze_scraper.worker"]
HEALTH_COMMAND = ["CMD", "python", "-m", "huntaze_scraper.worker.health"]
# The image knows where its browser is; a variable of the task would hide the image's.
_SECRETS = f"arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:{names.CREDENTIALS}/*"
THE_IMAGES_OWN = {"CHROMIUM_PATH"}


class Task(Construct):
    """The task definition. Parameters of its stack: ImageReference, SiteUrl, MediaHosts."""

    definition: ecs.FargateTaskDefinition
    settings: WorkerSettings

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        options: Options,
        queues: Queues,
        results: s3.IBucket,
        credentials: secretsmanager.ISecret,
        repository: ecr.IRepository,
        log_group: logs.ILogGroup,
    ) -> None:
        """Define the task: 1 vCPU, 2 GB, ARM64."""
        super().__init__(scope, name)
        self._queues = queues
        self._results = results
        self._credentials = credentials
        self._repository = repository
        self._log_group = log_group
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=names.TASK_FAMILY,
            cpu=1024,
            memory_limit_mib=2048,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
            task_role=self._task_role(),
            execution_role=self._execution_role().without_policy_updates(),
        )
        acknowledge(self.definition, {"ECS2": "The variables hold names and addresses; what is secret is injected"})
        self.settings = self._settings(options)
        self._add_container(self.settings)

    def _settings(self, options: Options) -> WorkerSettings:
        return WorkerSettings(
            workflows_queue_url=self._queues.workflows.queue_url,
            workflows_dlq_url=self._queues.workflows_dlq.queue_url,
            state_table=self._queues.state.table_name,
            results_bucket=self._results.bucket_name,
            credentials_secret_id=names.CREDENTIALS,
            site_url=self._parameter("SiteUrl", "Address of the site", WorkerSettings.site_url),
            media_hosts=self._parameter(
                "MediaHosts", "Hosts that media may come from, separated by commas", WorkerSettings.media_hosts
            ),
            **options.limit,
            rate_limit_account_requests=options.requests,
            max_receives=MAX_RECEIVE_COUNT,
            metrics_by_creator=options.metrics_by_creator == "true",
        )

    def _add_container(self, settings: WorkerSettings) -> None:
        environment = {name: value for name, value in settings.to_env().items() if name not in THE_IMAGES_OWN}
        self.definition.add_container(
            "scraper",
            image=ecs.ContainerImage.from_registry(f"{self._repository.repository_uri}{self._image_reference()}"),
            command=COMMAND,
            environment={"AWS_REGION": Aws.REGION, **environment},
            port_mappings=[ecs.PortMapping(container_port=settings.health_port)],
            health_check=ecs.HealthCheck(
                command=HEALTH_COMMAND,
                interval=Duration.seconds(30),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(60),
            ),
            stop_timeout=Duration.seconds(settings.stop_timeout_seconds),
            linux_parameters=ecs.LinuxParameters(self, "Linux", init_process_enabled=True),
            logging=ecs.LogDriver.aws_logs(stream_prefix="scraper", log_group=self._log_group),
        )

    def _task_role(self) -> iam.Role:
        queues = self._queues
        statements = [
            allow(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], queues.workflows.queue_arn
            ),
            allow(["sqs:SendMessage"], queues.workflows_dlq.queue_arn),
            items(
                ["dynamodb:GetItem", "dynamodb:UpdateItem"],
                queues.state.table_arn,
                Kind.JOB,
                Kind.SESSION,
                Kind.PAUSE,
                Kind.TURN,
                Kind.REQUESTS,
            ),
            allow(["s3:PutObject", "s3:AbortMultipartUpload"], self._results.arn_for_objects("results/*")),
            allow(["s3:GetObject", "s3:PutObject"], self._results.arn_for_objects(f"{PROGRESS}*")),
            allow(["secretsmanager:GetSecretValue"], *self._secret_arns()),
            publish_metrics(),
            *queues.use_keys("sqs", "dynamodb", "s3", "secretsmanager"),
        ]
        task = role(self, "TaskRole", "ecs-tasks", statements)
        bucket = Stack.of(self).get_logical_id(cast("CfnElement", self._results.node.default_child))
        acknowledge(
            task,
            {
                "IAM5[Resource::*]": NO_RESOURCE,
                f"IAM5[Resource::<{bucket}.Arn>/results/*]": "A result's name is the job's: it is not known before",
                f"IAM5[Resource::<{bucket}.Arn>/{PROGRESS}*]": "So is that of what a job has read so far",
                f"IAM5[Resource::{_SECRETS}]": "Each creator may have a secret of its own below the default one",
            },
        )
        return task

    def _execution_role(self) -> iam.Role:
        statements = [
            allow(
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                self._repository.repository_arn,
            ),
            allow(["ecr:GetAuthorizationToken"], "*"),  # knows no resource
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], self._log_group.log_group_arn),
        ]
        execution = role(self, "ExecutionRole", "ecs-tasks", statements)
        acknowledge(execution, {"IAM5[Resource::*]": NO_RESOURCE})
        return execution

    def _secret_arns(self) -> list[str]:
        # The default secret, and one a creator below it. Secrets Manager ends each ARN with six characters of its own.
        prefix = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}:secret:{names.CREDENTIALS}"
        return [self._credentials.secret_arn, f"{prefix}/*"]

    def _image_reference(self) -> str:
        return CfnParameter(
            Stack.of(self),
            "ImageReference",
            description="Which image of the repository runs: @sha256:... (what a deployment gives) or :tag",
            default=":latest",
            allowed_pattern=r"@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}",
        ).value_as_string

    def _parameter(self, name: str, description: str, default: str | None = None) -> str:
        # In the stack's own scope: there the parameter bears the plain name that deployments give a value to.
        return CfnParameter(Stack.of(self), name, description=description, default=default).value_as_string
