"""The providers of our types, and of LocalStack's that we amend; imported with the first stack."""

from typing import Any

from localstack.services.cloudformation.engine.v2 import change_set_model_preproc

from localprocs.cloudformation.amendment import AmendedProvider
from localprocs.cloudformation.amendments import AMENDMENTS
from localprocs.cloudformation.custom_resources.provider import CUSTOM, CustomResourceProvider
from localprocs.cloudformation.resource_type import TypeProvider
from localprocs.cloudformation.types import TYPES
from localprocs.startup import managed_policies

managed_policies.read_when_asked()
# As on AWS; LocalStack puts its own host name there.
change_set_model_preproc._AWS_URL_SUFFIX = "amazonaws.com"  # noqa: SLF001


def our_provider(resource_type: str) -> Any:
    """Return the provider of a type that is ours."""
    if resource_type.startswith(CUSTOM):
        return CustomResourceProvider()
    kind = TYPES.get(resource_type)
    return TypeProvider(kind) if kind else None


def amended(theirs: Any, resource_type: str) -> Any:
    """Return LocalStack's provider with our amendment, if we have one."""
    amendment = AMENDMENTS.get(resource_type)
    return AmendedProvider(theirs, amendment) if theirs and amendment else theirs
