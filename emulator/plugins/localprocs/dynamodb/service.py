"""Puts the parts of DynamoDB together."""

from localstack.services.plugins import Service

from localprocs.dynamodb import asked, counting, roll_back
from localprocs.dynamodb.expiry import with_expiry
from localprocs.dynamodb.idempotency import transact_once
from localprocs.dynamodb.partiql import handlers as partiql
from localprocs.moto_services import moto_service


def make() -> Service:
    """Make the service."""
    roll_back.keep_cheap()
    handlers, transact = with_expiry(), transact_once()
    handlers = {
        **handlers,
        "Scan": counting.without_items(handlers["Scan"]),
        "TransactWriteItems": transact,
        **partiql.handlers(transact),
    }
    several = {name: asked.only(handlers[name]) for name in asked.OPERATIONS}
    return moto_service("dynamodb", handlers | several)
