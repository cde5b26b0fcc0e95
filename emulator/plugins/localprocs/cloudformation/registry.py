"""Puts our resource types in front of LocalStack's, and tells what is supported from what is here."""

from functools import cache
from typing import Any

from localstack.runtime import hooks


@hooks.on_infra_start()
def prefer_our_resource_types() -> None:
    """Look a type up in our table first."""
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

    theirs = ResourceProviderExecutor.try_load_resource_provider

    def load(resource_type: str) -> Any:
        return our_provider(resource_type) or theirs(resource_type)

    ResourceProviderExecutor.try_load_resource_provider = staticmethod(load)
    _know_what_is_supported()


@cache
def our_provider(resource_type: str) -> Any:
    """Return the provider of a type that is ours, else None."""
    from localprocs.cloudformation.resource_type import TypeProvider
    from localprocs.cloudformation.types import TYPES

    kind = TYPES.get(resource_type)
    return TypeProvider(kind) if kind else None


def _know_what_is_supported() -> None:
    """Stand in for a catalogue that LocalStack would fetch from the network: a type is supported if it has a provider."""
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
    from localstack.utils.catalog.catalog import AwsCatalogRemoteStatePlugin
    from localstack.utils.catalog.catalog_loader import RemoteCatalogLoader
    from localstack.utils.catalog.common import (
        AwsRemoteCatalog,
        CloudFormationResourcesSupportAtRuntime,
        CloudFormationResourcesSupportInLatest,
        LocalStackMetadata,
    )

    def nothing(_loader: RemoteCatalogLoader) -> AwsRemoteCatalog:
        return AwsRemoteCatalog(
            schema_version="v1", localstack=LocalStackMetadata(version=""), services={}, cloudformation_resources={}
        )

    def status(_catalog: AwsCatalogRemoteStatePlugin, resource_name: str, *_: Any) -> Any:
        if ResourceProviderExecutor.try_load_resource_provider(resource_name):
            return CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED

    RemoteCatalogLoader.get_remote_catalog = nothing
    AwsCatalogRemoteStatePlugin.get_cloudformation_resource_status = status
