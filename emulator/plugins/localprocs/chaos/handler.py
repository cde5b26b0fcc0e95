"""The rules in LocalStack's chain of handlers, and the routes that change them.

``/_emulator/faults``: ``POST {"rules": [...], "seed": 1}`` sets them, ``PATCH`` adds, ``DELETE`` removes all, ``GET``
lists; they befall callers with a role unless a rule says ``"callers": "all"``. ``/_localstack/chaos/faults`` and
``/_localstack/chaos/effects`` take what LocalStack's Chaos API takes, for all callers.
"""

import threading
from typing import Any

from localstack.http import Request, Response
from localstack.runtime import hooks

from localprocs.chaos.rules import Call, InvalidRule, Rules
from localprocs.gateway.delivery import LOST_HEADER

RULES = Rules()
ROLE_KEYS = "SIA"
"""What the access keys of sessions of roles hold: ASIA…, LSIA…."""
_changed = threading.Condition()


def befall(_chain: Any, context: Any, _response: Any) -> None:
    """Let a rule befall a call, before it is done.

    Raises:
        CommonServiceException: the error that a rule asks for.
    """
    if not RULES or not context.service or not context.operation:
        return
    role = _role(context)
    if context.is_internal_call and not role:
        return
    service = context.service.service_name.split("-query")[0]
    effect = RULES.effect(Call(service, context.operation.name, context.region, role))
    if effect.latency_seconds:
        with _changed:
            _changed.wait(effect.latency_seconds)
    context.is_answer_lost = effect.is_lost
    if effect.failure:
        from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - the start needs none of it

        failure = effect.failure
        raise CommonServiceException(failure.code, failure.message, failure.status, sender_fault=failure.status < 500)  # noqa: PLR2004


def lose(_chain: Any, context: Any, response: Any) -> None:
    """Mark an answer that is to be lost: the gateway closes the connection instead."""
    if getattr(context, "is_answer_lost", False):
        response.headers[LOST_HEADER] = "1"


def serve(request: Request) -> Response:
    """Set, add, remove or list the rules."""
    try:
        _change(request, request.get_json(silent=True) or {}, {})
    except InvalidRule as error:
        return Response.for_json({"error": str(error)}, status=400)
    return Response.for_json({"rules": RULES.listed()})


def serve_as_localstack(request: Request) -> Response:
    """As LocalStack's Chaos API has it: a list of rules, for all callers."""
    try:
        _change(request, {"rules": request.get_json(silent=True) or []}, {"callers": "all"})
    except InvalidRule as error:
        return Response.for_json({"error": str(error)}, status=400)
    hidden = ("met", "callers")
    return Response.for_json([{name: rule[name] for name in rule if name not in hidden} for rule in RULES.listed()])


def serve_effects(request: Request) -> Response:
    """As LocalStack's Chaos API has it: a latency of all calls, in milliseconds."""
    of_all = {"callers": "all"}
    try:
        if request.method == "POST":
            latency = (request.get_json(silent=True) or {}).get("latency", 0)
            RULES.remove([rule for rule in _plain() if rule.keys() == {"latency", "callers"}])
            if latency:
                RULES.add([{"latency": latency, **of_all}])
            _wake()
    except InvalidRule as error:
        return Response.for_json({"error": str(error)}, status=400)
    latencies = [rule["latency"] for rule in _plain() if rule.keys() == {"latency", "callers"}]
    return Response.for_json({"latency": sum(latencies)})


def _change(request: Request, body: Any, more: dict[str, str]) -> None:
    given = body.get("rules", []) if isinstance(body, dict) else body
    if not isinstance(given, list):
        raise InvalidRule('give {"rules": [...]}, or a list of rules')
    rules = [{**more, **each} if isinstance(each, dict) else each for each in given]
    seed = body.get("seed", 0) if isinstance(body, dict) else 0
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InvalidRule("seed is a whole number")
    match request.method:
        case "POST":
            RULES.set(rules, seed)
        case "PATCH" | "PUT":
            RULES.add(rules)
        case "DELETE" if rules:
            RULES.remove(rules)
        case "DELETE":
            RULES.set([])
    if request.method != "GET":
        _wake()


def _plain() -> list[dict[str, Any]]:
    return [{name: value for name, value in rule.items() if name != "met"} for rule in RULES.listed()]


def _wake() -> None:
    with _changed:
        _changed.notify_all()


def _role(context: Any) -> str:
    header = context.request.headers.get("Authorization", "")
    if ROLE_KEYS not in header[:60] and ROLE_KEYS not in context.request.args.get("X-Amz-Credential", "")[:4]:
        return ""
    from localprocs.iam import account, guard  # noqa: PLC0415 - roles are imported with their first call

    principal = account.principal_of(guard.access_key(context) or "", context.account_id)
    return principal.role_arn if principal else "unknown"


@hooks.on_infra_start()
def allow_faults() -> None:
    """Listen, before roles are checked."""
    from localstack.aws.handlers import (  # noqa: PLC0415 - see above
        run_custom_response_handlers,
        serve_custom_service_request_handlers,
    )
    from localstack.services.edge import ROUTER  # noqa: PLC0415 - see above
    from localstack.services.internal import get_internal_apis  # noqa: PLC0415 - see above

    serve_custom_service_request_handlers.append(befall)
    run_custom_response_handlers.append(lose)
    ROUTER.add("/_emulator/faults", serve, methods=["GET", "POST", "PATCH", "DELETE"])
    internal = get_internal_apis()
    internal.add("/_localstack/chaos/faults", serve_as_localstack, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])
    internal.add("/_localstack/chaos/effects", serve_effects, methods=["GET", "POST"])
