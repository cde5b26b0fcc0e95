"""What is in flight is given out once more, as SQS may at any time: ``POST /_emulator/sqs/redeliveries?queue=NAME``."""

from localstack.http import Request, Response
from localstack.services.sqs.models import SqsQueue, sqs_stores


def serve(request: Request) -> Response:
    """End the visibility time-out of every message in flight on a queue, and tell how many there were."""
    name = request.args.get("queue", "")
    queues = [store.queues[name] for _, _, store in sqs_stores.iter_stores() if name in store.queues]
    if not queues:
        return Response.for_json({"error": f"no queue {name!r}"}, status=404)
    return Response.for_json({"redelivered": sum(map(redeliver, queues))})


def redeliver(queue: SqsQueue) -> int:
    """Make every message in flight visible, its receipt handle still good, and return how many there were."""
    with queue.mutex:
        inflight = list(queue.inflight)
        for message in inflight:
            message.update_visibility_timeout(0)
        queue.requeue_inflight_messages()
    return len(inflight)
