"""Clients of AWS whose writes are carried out while their answers are lost."""

from contextlib import suppress
from typing import Any

from botocore.exceptions import EndpointConnectionError


class EachTwice:
    """A client whose every first answer is lost: its second try meets what the first has done."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if not name.startswith("update"):
            return call

        def twice(**arguments: Any) -> Any:
            with suppress(self._client.exceptions.ClientError):
                call(**arguments)
            return call(**arguments)

        return twice


class Unanswered:
    """A client that hears no answer while it ``loses``, and does nothing while it ``refuses``."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.loses = self.refuses = False
        self.error: Exception = EndpointConnectionError(endpoint_url="https://dynamodb.example")

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def unanswered(**arguments: Any) -> Any:
            if self.refuses:
                raise self.error
            try:
                return call(**arguments)
            finally:
                if self.loses:
                    raise self.error

        return unanswered if name in ("update_item", "get_item") else call
