"""ECR, answered by moto: repositories are real, images are whatever was said to be pushed."""

from localstack.services.plugins import Service, aws_provider

from localprocs.moto_services import moto_service


@aws_provider(api="ecr")
def ecr() -> Service:
    """Make the service."""
    return moto_service("ecr")
