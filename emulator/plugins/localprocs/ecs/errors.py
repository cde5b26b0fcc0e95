"""What the API refuses, in the words that ECS uses."""

from localstack.aws.api import CommonServiceException


class StartFailure(Exception):
    """A task cannot start: the text is its stoppedReason."""


def refusal(code: str, message: str) -> CommonServiceException:
    """Make an error of the named class, the caller's fault."""
    return CommonServiceException(code, message, 400, sender_fault=True)


def invalid(message: str) -> CommonServiceException:
    """Refuse a parameter."""
    return refusal("InvalidParameterException", message)


def client_error(message: str) -> CommonServiceException:
    """Refuse a request that names or combines things wrongly."""
    return refusal("ClientException", message)


def cluster_not_found() -> CommonServiceException:
    """Say that there is no such cluster."""
    return refusal("ClusterNotFoundException", "Cluster not found.")


def service_not_found() -> CommonServiceException:
    """Say that there is no such service."""
    return refusal("ServiceNotFoundException", "Service not found.")


class InvalidInterruption(Exception):
    """An interruption that cannot be carried out: the text says what is wrong with it."""
