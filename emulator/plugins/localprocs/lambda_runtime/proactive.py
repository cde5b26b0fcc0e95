"""Proactive initialisation: an environment that is made before the first call needs it, as AWS does at times."""

import logging

from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager
from localstack.services.lambda_.provider_utils import get_function_version_from_arn

LOG = logging.getLogger(__name__)

_managers: dict[str, LambdaVersionManager] = {}


def know(manager: LambdaVersionManager) -> None:
    """Remember a function that became active."""
    _managers[manager.function_arn] = manager


def initialise(function_arn: str) -> None:
    """Make an environment for a function that has none."""
    try:
        version = get_function_version_from_arn(function_arn)
        manager = _managers.get(version.qualified_arn)
        if manager is None or manager.shutdown_event.is_set():
            return
        environments = manager.assignment_service.environments[manager.id]
        if not environments:
            made = manager.assignment_service.start_environment(manager.id, version)
            environments[made.id] = made
    except Exception as error:  # noqa: BLE001 - the first call will tell
        LOG.debug("no environment was made ahead for %s: %s", function_arn, error)
