"""Transactions that were done once are not done again: boto3 sends one token with each try of a call."""

import json
import time
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, ServiceRequest, ServiceResponse

from localprocs.dynamodb import roll_back
from localprocs.moto_services import Handler, ask_moto, lock_of

REMEMBERED_SECONDS = 600.0
"""How long DynamoDB knows a token."""


class TokenMemory:
    """The answers to recent tokens."""

    def __init__(self) -> None:
        """Begin with none."""
        self._answers: dict[tuple[str, str], tuple[float, str, Any]] = {}

    def recall(self, scope: str, token: str, content: str, now: float) -> Any:
        """Return the answer given to the token, or None.

        Raises:
            CommonServiceException: the token came with another content.
        """
        self._answers = {key: each for key, each in self._answers.items() if each[0] > now}
        found = self._answers.get((scope, token))
        if found is None:
            return None
        if found[1] != content:
            message = "The request uses the same client token as a previous, but non-identical request."
            raise CommonServiceException("IdempotentParameterMismatchException", message)
        return found[2]

    def remember(self, scope: str, token: str, content: str, answer: Any, now: float) -> None:
        """Keep the answer to a token."""
        self._answers[scope, token] = (now + REMEMBERED_SECONDS, content, answer)


def transact_once() -> Handler:
    """Return the handler of TransactWriteItems."""
    memory = TokenMemory()

    def transact(context: RequestContext, request: ServiceRequest) -> ServiceResponse:
        operations = request["TransactItems"]
        token = request.get("ClientRequestToken")
        scope, content = f"{context.account_id}/{context.region}", json.dumps(operations, sort_keys=True, default=repr)
        with lock_of("dynamodb"), roll_back.transaction(operations):
            if token and (known := memory.recall(scope, token, content, time.time())) is not None:
                return known
            answer = ask_moto(context)
            if token:
                memory.remember(scope, token, content, answer, time.time())
            return answer

    return transact
