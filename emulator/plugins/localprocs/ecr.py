"""ECR, answered by moto: repositories are real, images are whatever was said to be pushed."""

import hashlib
from typing import Any

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse
from localstack.services.plugins import Service, aws_provider
from localstack.utils.patch import patch

NAME_REPOSITORIES = ("CreateRepository", "DescribeRepositories", "DeleteRepository")


@aws_provider(api="ecr")
def ecr() -> Service:
    """Make the service."""
    from moto.ecr.models import Image  # noqa: PLC0415 - with the first call

    from localprocs.moto_services import ask_moto, moto_service  # noqa: PLC0415 - moto is imported with the first call

    def with_address(context: RequestContext, _request: ServiceRequest) -> ServiceResponse:
        answer = ask_moto(context)
        for repository in [*answer.get("repositories", []), *filter(None, [answer.get("repository")])]:
            registry = f"{repository['registryId']}.dkr.ecr.{context.region}.amazonaws.com"
            repository["repositoryUri"] = f"{registry}/{repository['repositoryName']}"
        return answer

    @patch(Image.get_image_digest, pass_target=False)
    def _named_by_its_manifest(image: Any) -> str:
        # As registries do (OCI); moto hashes the names of its layers, or a number by chance.
        return f"sha256:{hashlib.sha256(image.image_manifest.encode()).hexdigest()}"

    return moto_service("ecr", dict.fromkeys(NAME_REPOSITORIES, with_address))
