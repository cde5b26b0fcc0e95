"""DynamoDB, answered by moto under one lock, so that a conditional write is atomic."""

from localstack.services.plugins import Service, aws_provider

from localprocs.moto_services import moto_service


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    """Make the service."""
    return moto_service("dynamodb")
