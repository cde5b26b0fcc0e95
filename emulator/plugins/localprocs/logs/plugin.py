"""Where LocalStack finds the provider: PROVIDER_OVERRIDE_LOGS=queried."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="logs", name="queried")
def logs() -> Service:
    """Make the service."""
    from localprocs.logs import service  # noqa: PLC0415 - imported with the first call

    return service.make()
