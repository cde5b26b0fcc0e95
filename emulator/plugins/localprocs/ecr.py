"""ECR, answered by moto: repositories are real, images are whatever was said to be pushed."""

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse
from localstack.services.plugins import Service, aws_provider

NAME_REPOSITORIES = ("CreateRepository", "DescribeRepositories", "DeleteRepository")


@aws_provider(api="ecr")
def ecr() -> Service:
    """Make the service."""
    from localprocs.moto_services import ask_moto, moto_service  # noqa: PLC0415 - moto is imported with the first call

    def with_address(context: RequestContext, _request: ServiceRequest) -> ServiceResponse:
        answer = ask_moto(context)
        for repository in [*answer.get("repositories", []), *filter(None, [answer.get("repository")])]:
            registry = f"{repository['registryId']}.dkr.ecr.{context.region}.amazonaws.com"
            repository["repositoryUri"] = f"{registry}/{repository['repositoryName']}"
        return answer

    return moto_service("ecr", dict.fromkeys(NAME_REPOSITORIES, with_address))
