"""DynamoDB, answered by moto under one lock, so that a conditional write is atomic."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    """Make the service."""
    from localprocs.dynamodb import roll_back
    from localprocs.dynamodb.expiry import with_expiry
    from localprocs.dynamodb.idempotency import transact_once
    from localprocs.moto_services import moto_service

    roll_back.keep_cheap()
    return moto_service("dynamodb", {**with_expiry(), "TransactWriteItems": transact_once()})
