"""Services answered by moto, one call at a time.

moto does not lock: two threads can both pass one condition, so each service's calls take turns.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto, call_moto_with_request
from localstack.services.plugins import Service, ServiceLifecycleHook

type Handler = Callable[[RequestContext, ServiceRequest], ServiceResponse]
"""Answers one operation: takes the context and the parsed request, returns what boto3 would, raises ServiceException."""

_locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


def lock_of(service: str) -> threading.RLock:
    """Return the lock that every call of the service holds; it can be taken again by the thread that has it."""
    return _locks[service]


def ask_moto(context: RequestContext, request: ServiceRequest | None = None) -> ServiceResponse:
    """Answer the call from moto; a request given takes the place of the caller's."""
    with lock_of(context.service.service_name):
        return call_moto(context) if request is None else call_moto_with_request(context, request)


def moto_service(
    name: str, handlers: Mapping[str, Handler] | None = None, lifecycle: ServiceLifecycleHook | None = None
) -> Service:
    """Make a service of moto's operations; a handler, by operation name, takes the place of moto's.

    A handler does not hold the lock: it takes ``lock_of(name)`` for as long as its answer must be atomic.
    """
    model = load_service(name)
    operations: dict[str, Handler] = dict.fromkeys(model.operation_names, _unchanged)
    operations.update(handlers or {})
    return Service(name, skeleton=Skeleton(model, operations), lifecycle_hook=lifecycle)


def _unchanged(context: RequestContext, _request: ServiceRequest) -> ServiceResponse:
    return ask_moto(context)
