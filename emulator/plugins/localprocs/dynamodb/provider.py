"""DynamoDB, answered by moto under one lock, so that a conditional write is atomic."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    """Make the service."""
    from localprocs.dynamodb import service  # noqa: PLC0415 - moto is imported with the first call

    return service.make()
