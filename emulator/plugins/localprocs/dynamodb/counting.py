"""A scan that is only to count returns no items: moto leaves them out of queries alone."""

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse

from localprocs.moto_services import Handler


def without_items(scan: Handler) -> Handler:
    """Return the handler of Scan that obeys ``Select=COUNT``."""

    def handle(context: RequestContext, request: ServiceRequest) -> ServiceResponse:
        answer = scan(context, request)
        if request.get("Select") == "COUNT":
            answer.pop("Items", None)  # type: ignore[typeddict-item]
        return answer

    return handle
