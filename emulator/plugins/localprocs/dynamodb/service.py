"""Puts the parts of DynamoDB together."""

from localstack.services.plugins import Service

from localprocs.dynamodb import roll_back
from localprocs.dynamodb.expiry import with_expiry
from localprocs.dynamodb.idempotency import transact_once
from localprocs.moto_services import moto_service


def make() -> Service:
    """Make the service."""
    roll_back.keep_cheap()
    return moto_service("dynamodb", {**with_expiry(), "TransactWriteItems": transact_once()})
