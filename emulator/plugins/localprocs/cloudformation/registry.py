"""Puts our resource types in front of LocalStack's, and tells what is supported from what is here."""

import importlib
from functools import cache
from typing import Any

from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.utils.catalog.catalog import AwsCatalogRemoteStatePlugin
from localstack.utils.catalog.catalog_loader import RemoteCatalogLoader
from localstack.utils.catalog.common import (
    AwsRemoteCatalog,
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
    LocalStackMetadata,
)

_localstacks_provider = ResourceProviderExecutor.try_load_resource_provider


def install() -> None:
    """Look a type up in our table first; ask no catalogue on the network what is supported."""
    ResourceProviderExecutor.try_load_resource_provider = staticmethod(_provider)
    RemoteCatalogLoader.get_remote_catalog = _empty_catalog
    AwsCatalogRemoteStatePlugin.get_cloudformation_resource_status = _status


@cache
def _provider(resource_type: str) -> Any:
    tables = importlib.import_module("localprocs.cloudformation.tables")
    return tables.our_provider(resource_type) or tables.amended(_localstacks_provider(resource_type), resource_type)


def _empty_catalog(_loader: RemoteCatalogLoader) -> AwsRemoteCatalog:
    return AwsRemoteCatalog(
        schema_version="v1", localstack=LocalStackMetadata(version=""), services={}, cloudformation_resources={}
    )


def _status(_catalog: AwsCatalogRemoteStatePlugin, resource_name: str, *_: Any) -> Any:
    if ResourceProviderExecutor.try_load_resource_provider(resource_name):
        return CloudFormationResourcesSupportAtRuntime.AVAILABLE
    return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
