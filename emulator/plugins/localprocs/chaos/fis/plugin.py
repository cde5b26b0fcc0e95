"""Where LocalStack finds FIS, which it has not."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="fis")
def fis() -> Service:
    """Make the service."""
    from localprocs.chaos.fis import service  # noqa: PLC0415 - imported with the first call

    return service.make()
