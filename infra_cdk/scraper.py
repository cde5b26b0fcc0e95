"""The scraper: an ECS service on Fargate that carries the jobs out, its storage and its scaling."""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from huntaze_scraper import names
from infra_cdk.network import HTTPS, Network, existing_vpc
from infra_cdk.options import Options
from infra_cdk.queues import Queues
from infra_cdk.rotation import Rotation
from infra_cdk.scaling import Scaling
from infra_cdk.storage import Credentials, Results
from infra_cdk.task import Task


class Scraper(Stack):
    """Bucket, secret, cluster, task definition, service and its scaling."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        options: Options,
        network: Network | None,
        queues: Queues,
        repository: ecr.IRepository,
        rotation_bundle: Path,
        **stack: Any,
    ) -> None:
        """Run the image that the parameter ImageReference names, in the network or in the VPC that the options name."""
        super().__init__(scope, name, **stack)
        # By ARN: constructs given the key itself would write this stack's roles into the key's policy, a cycle.
        key = kms.Key.from_key_arn(self, "Key", queues.key.key_arn)
        results = Results(self, "Results", key=key)
        credentials = Credentials(self, "Credentials", key=key)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=names.SCRAPER_LOGS,
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=names.CLUSTER,
            vpc=network.vpc if network else existing_vpc(self, options),
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        task = Task(
            self,
            "Task",
            options=options,
            queues=queues,
            results=results.bucket,
            credentials=credentials,
            repository=repository,
            log_group=log_group,
        )
        Rotation(
            self,
            "Rotation",
            credentials=credentials,
            key_arn=key.key_arn,
            bundle=rotation_bundle,
            site_url=task.settings.site_url,
        )
        service = self._service(cluster, task.definition)
        Scaling(
            self,
            "Scaling",
            cluster_name=cluster.cluster_name,
            service_name=service.service_name,
            queue_name=queues.workflows.queue_name,
            mode=options.scaling,
            max_tasks=options.growth.max_tasks,
        )
        CfnOutput(self, "ResultsBucket", value=results.bucket.bucket_name)
        CfnOutput(self, "CredentialsSecretId", value=names.CREDENTIALS)
        CfnOutput(self, "EcsCluster", value=cluster.cluster_name)
        CfnOutput(self, "EcsService", value=service.service_name)

    def _service(self, cluster: ecs.Cluster, definition: ecs.FargateTaskDefinition) -> ecs.FargateService:
        group = ec2.SecurityGroup(
            self,
            "Tasks",
            vpc=cluster.vpc,
            description="Scraper tasks: nothing comes in, HTTPS goes out",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), HTTPS, "to the site, its media and the services of AWS")
        # By hand: the CDK's own switch lets the service come before its capacity providers.
        providers = ecs.CfnClusterCapacityProviderAssociations(
            self,
            "CapacityProviders",
            cluster=cluster.cluster_name,
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
            default_capacity_provider_strategy=[],
        )
        # No desired count: a new service starts with one task, and an update leaves what scaling has reached.
        service = ecs.FargateService(
            self,
            "Service",
            service_name=names.SERVICE,
            cluster=cluster,
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
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        service.node.add_dependency(providers)
        return service
