"""Where the scraper's image is kept: deployed, and pushed to, before anything runs it."""

from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from huntaze_scraper import names


class Registry(Stack):
    """The image repository alone: a service cannot start before its image is here, so the image comes first."""

    repository: ecr.Repository

    def __init__(self, scope: Construct, name: str, **stack: Any) -> None:
        """Make the repository."""
        super().__init__(scope, name, **stack)
        self.repository = ecr.Repository(
            self,
            "Repository",
            repository_name=names.TASK_FAMILY,
            image_scan_on_push=True,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description="Untagged images are builds that a newer one replaced",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=Duration.days(14),
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        CfnOutput(self, "ImageRepositoryUri", value=self.repository.repository_uri)
