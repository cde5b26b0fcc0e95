"""Answers tell of capacity and collections only who asks: moto tells everyone who writes or reads several items."""

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse

from localprocs.moto_services import Handler

OPERATIONS = ("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems")


def only(handler: Handler) -> Handler:
    """Return the handler whose answers leave out what was not asked for."""

    def handle(context: RequestContext, request: ServiceRequest) -> ServiceResponse:
        unasked = set()
        if request.get("ReturnConsumedCapacity") in (None, "NONE"):
            unasked.add("ConsumedCapacity")
        if request.get("ReturnItemCollectionMetrics") in (None, "NONE"):
            unasked.add("ItemCollectionMetrics")
        answer = handler(context, request)
        return {name: value for name, value in answer.items() if name not in unasked}  # type: ignore[return-value]

    return handle
