"""The variables that LocalStack is started with; imports nothing, so that a harness in another environment can read it."""

from collections.abc import Mapping


def environment(*, port: int, cache: str, scratch: str, listen: str = "127.0.0.1") -> Mapping[str, str]:
    """Return the variables of an emulator.

    Args:
        port: of the gateway, which clients reach at 127.0.0.1
        cache: directory kept from run to run and shared between emulators
        scratch: directory of this run alone
        listen: the address that the gateway listens on; in a container, all of the container's
    """
    return {
        "GATEWAY_LISTEN": f"{listen}:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        # Only outside of its container does LocalStack keep its files where it is told to: the index of services in
        # the cache (which takes seconds to make), everything else under the scratch directory.
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": f"{cache}/localstack",
        "TMPDIR": scratch,
        # plux keeps the entry points that it found by their files' times, rounded to minutes.
        "XDG_CACHE_HOME": f"{cache}/entry-points",
        **FIXED,
    }


FIXED = {
    "GATEWAY_SERVER": "threads",
    "PROVIDER_OVERRIDE_DYNAMODB": "moto",
    "PROVIDER_OVERRIDE_CLOUDFORMATION": "whole",
    "PROVIDER_OVERRIDE_CLOUDWATCH": "minutes",
    "PROVIDER_OVERRIDE_EVENTS": "ticking",
    "PROVIDER_OVERRIDE_IAM": "evaluated",
    "PROVIDER_OVERRIDE_LOGS": "queried",
    "PROVIDER_OVERRIDE_SECRETSMANAGER": "rotating",
    "LAMBDA_RUNTIME_EXECUTOR": "process",
    # An environment that is slow to start is our executor's to judge.
    "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "1000000",
    "LAMBDA_SYNCHRONOUS_CREATE": "1",
    "SQS_ENDPOINT_STRATEGY": "path",
    "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "false",
    "EAGER_SERVICE_LOADING": "0",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "LEGACY_DOCKER_CLIENT": "1",
    "DISABLE_EVENTS": "1",
    "DNS_ADDRESS": "0",
    # LocalStack finds the bytes of S3's objects by Python's hash of their names: in another process, too, with one seed.
    "PYTHONHASHSEED": "0",
}
"""What does not change from run to run."""
