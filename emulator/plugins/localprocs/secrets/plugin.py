"""Where LocalStack finds the provider: PROVIDER_OVERRIDE_SECRETSMANAGER=rotating."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="secretsmanager", name="rotating")
def secretsmanager() -> Service:
    """Make the service."""
    from localprocs.secrets import service  # noqa: PLC0415 - imported with the first call

    return service.make()
