"""Puts the guard into LocalStack's chain, and the record behind a route."""

from typing import Any

from localstack.runtime import hooks

from localprocs.iam.assumption import refuse_missing_role


@hooks.on_infra_start()
def guard_roles() -> None:
    """Prepare; what knows of services is imported with a role's first call."""
    from localstack.aws.handlers import serve_custom_service_request_handlers  # noqa: PLC0415 - see above
    from localstack.services.edge import ROUTER  # noqa: PLC0415

    guarded = LazyGuard()
    serve_custom_service_request_handlers.append(guarded)
    serve_custom_service_request_handlers.append(refuse_missing_role)
    ROUTER.add("/_emulator/iam/calls", guarded.serve_record, methods=["GET", "DELETE"])
    ROUTER.add("/_emulator/iam/report", guarded.serve_report, methods=["GET"])
    ROUTER.add("/_emulator/iam/mode", guarded.serve_mode, methods=["GET", "POST"])


class LazyGuard:
    """The guard, made when a call comes that could be a role's."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._guard: Any = None

    def __call__(self, chain: Any, context: Any, response: Any) -> None:
        """Check a call that bears the key of a session: such keys begin with ASIA, LocalStack's with LSIA."""
        header = context.request.headers.get("Authorization", "")
        is_service = bool(context.internal_request_params) and context.operation.name == "AssumeRole"
        if is_service or "SIA" in header[:60] or "SIA" in context.request.args.get("X-Amz-Credential", "")[:4]:
            self.guard()(chain, context, response)

    def serve_record(self, request: Any) -> Any:
        """Answer with the record, or clear it."""
        record = self.guard().record
        if request.method == "DELETE":
            record.clear()
        return {"calls": record.rows()}

    def serve_report(self, request: Any) -> Any:
        """Answer with what each role was granted and what it used; ``account`` is a parameter."""
        return {"roles": self.guard().report(request.args.get("account", "000000000000"))}

    def serve_mode(self, request: Any) -> Any:
        """Tell the mode, or change it."""
        from localstack.http import Response  # noqa: PLC0415 - see above

        from localprocs.iam.guard import MODES  # noqa: PLC0415 - see above

        guard = self.guard()
        if request.method == "POST":
            wanted = (request.get_json(silent=True) or {}).get("mode")
            if wanted not in MODES:
                return Response.for_json({"error": f"mode: one of {', '.join(MODES)}"}, status=400)
            guard.mode = wanted
        return {"mode": guard.mode}

    def guard(self) -> Any:
        """Return the guard."""
        if self._guard is None:
            from localprocs.iam.guard import Guard  # noqa: PLC0415 - see above

            self._guard = Guard()
        return self._guard
