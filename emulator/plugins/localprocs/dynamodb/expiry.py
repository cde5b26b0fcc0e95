"""Items past their time to live are removed, at the latest a minute after: AWS promises no more than a few days."""

import time

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from localprocs.moto_services import Handler, ask_moto, lock_of

SWEEP_SECONDS = 60.0
READS_AND_WRITES = (
    "GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem",
    "BatchWriteItem", "DescribeTable",
)  # fmt: skip


def with_expiry() -> dict[str, Handler]:
    """Return handlers that look for expired items, once a minute, before moto answers."""
    swept = 0.0

    def handle(context: RequestContext, _request: ServiceRequest) -> ServiceResponse:
        nonlocal swept
        now = time.time()
        with lock_of("dynamodb"):
            if now - swept >= SWEEP_SECONDS or now < swept:
                swept = now
                for table in dynamodb_backends[context.account_id][context.region].tables.values():
                    sweep(table, now)
            return ask_moto(context)

    return dict.fromkeys(READS_AND_WRITES, handle)


def sweep(table: Table, now: float) -> int:
    """Remove the table's expired items and return how many there were."""
    if table.ttl.get("TimeToLiveStatus") != "ENABLED":
        return 0
    name = table.ttl["AttributeName"]
    expired = [item for item in table.all_items() if _is_past(item.attrs.get(name), now)]
    for item in expired:
        table.delete_item(item.hash_key, item.range_key)
    return len(expired)


def _is_past(attribute: object, now: float) -> bool:
    if getattr(attribute, "type", None) != "N":
        return False
    return float(attribute.value) < now  # type: ignore[attr-defined]
