"""A resource's provider, called until it is done."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from localstack.constants import INTERNAL_AWS_SECRET_ACCESS_KEY
from localstack.services.cloudformation.deployment_utils import check_not_found_exception
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceProviderExecutor,
    convert_payload,
)

from localprocs import real_time
from localprocs.cloudformation.engine.replacement import is_needed
from localprocs.cloudformation.engine.schema import published
from localprocs.cloudformation.resource_type import Properties

PAUSE_SECONDS = 0.05
"""Between two looks at a resource that is being made."""

RESOURCE_SECONDS = 300.0
"""How long one step of a resource may take, in real seconds."""

WORDS = {"create": "creation", "update": "update"}
ACTIONS = {"create": "Add", "update": "Modify", "delete": "Remove"}


@dataclass(frozen=True)
class Made:
    """A resource that is there: what Ref returns, and what Fn::GetAtt reads."""

    physical_id: str
    model: Properties


class ResourceFailed(Exception):
    """A step of a resource failed; what there is of it all the same."""

    def __init__(self, reason: str, left: Made | None = None) -> None:
        """Take AWS's words for it."""
        super().__init__(reason)
        self.left = left


class Handlers(Protocol):
    """Makes, changes and removes resources."""

    def create(self, name: str, kind: str, desired: Properties) -> Made:
        """Make a resource; raises ResourceFailed."""

    def update(self, name: str, kind: str, desired: Properties, before: Made) -> Made:
        """Change a resource in place; raises ResourceFailed."""

    def delete(self, name: str, kind: str, made: Made) -> None:
        """Remove a resource; raises ResourceFailed."""

    def must_replace(self, kind: str, before: Properties, after: Properties) -> bool:
        """Whether only a new resource can be what is wanted."""

    def cancel(self) -> None:
        """End what is still being made."""

    def resume(self) -> None:
        """Make and change again, after what was ended."""


@dataclass
class ProviderHandlers:
    """LocalStack's providers and ours, for one operation of a stack."""

    stack_name: str
    stack_id: str
    account: str
    region: str
    provider_of: Callable[[str], ResourceProvider[Any] | None]
    _is_cancelled: threading.Event = field(default_factory=threading.Event)

    def create(self, name: str, kind: str, desired: Properties) -> Made:
        """Make a resource."""
        return self._made(kind, self._carry_out("create", name, kind, desired, None))

    def update(self, name: str, kind: str, desired: Properties, before: Made) -> Made:
        """Change a resource in place."""
        provider = self._provider(kind)
        own = type(provider).update
        if own is ResourceProvider.update:
            raise ResourceFailed(
                f"{kind} cannot be changed in place by this emulator: see docs/emulator-types.md", before
            )
        try:
            model = self._carry_out("update", name, kind, desired, before.model)
        except NotImplementedError as error:
            raise ResourceFailed(
                f"{kind} cannot be changed in place by this emulator: see docs/emulator-types.md", before
            ) from error
        return self._made(kind, before.model | model)

    def delete(self, name: str, kind: str, made: Made) -> None:
        """Remove a resource; one that is gone already is removed."""
        try:
            self._carry_out("delete", name, kind, made.model, made.model)
        except ResourceFailed as error:
            if not check_not_found_exception(error, kind, made.model):
                raise

    def must_replace(self, kind: str, before: Properties, after: Properties) -> bool:
        """Whether a property that only a new resource can take is not what it was."""
        schema = published(kind)
        ours = getattr(self._provider(kind), "SCHEMA", {}).get("createOnlyProperties", [])
        return is_needed([*ours, *(schema.create_only if schema else [])], before, after)

    def cancel(self) -> None:
        """End what is still being made."""
        self._is_cancelled.set()

    def resume(self) -> None:
        """Make and change again."""
        self._is_cancelled.clear()

    def _provider(self, kind: str) -> ResourceProvider[Any]:
        provider = self.provider_of(kind)
        if provider is None:
            raise ResourceFailed(f"{kind} is not made by this emulator: see docs/emulator-types.md")
        return provider

    def _carry_out(self, step: str, name: str, kind: str, wanted: Properties, before: Properties | None) -> Properties:
        provider = self._provider(kind)
        payload = self._payload(ACTIONS[step], name, kind, wanted, before)
        patience = getattr(provider, "patience_seconds", RESOURCE_SECONDS)
        give_up = real_time.elapsed() + patience
        model: Properties = {}
        while True:
            event = self._ask(provider, step, payload, kind, model)
            model = event.resource_model or model
            if event.status == OperationStatus.SUCCESS:
                return model
            if event.status == OperationStatus.FAILED:
                raise ResourceFailed(event.message or f"{step} failed", self._left(kind, model))
            if step != "delete" and self._is_cancelled.is_set():
                raise ResourceFailed(f"Resource {WORDS[step]} cancelled", self._left(kind, model))
            if real_time.elapsed() > give_up:
                raise ResourceFailed(f"{kind} was not done in {patience:.0f} seconds", self._left(kind, model))
            payload["callbackContext"] |= event.custom_context
            payload["requestData"]["resourceProperties"] = model
            time.sleep(PAUSE_SECONDS)

    def _ask(self, provider: Any, step: str, payload: Any, kind: str, model: Properties) -> ProgressEvent[Properties]:
        try:
            request = convert_payload(self.stack_name, self.stack_id, payload)
            return getattr(provider, step)(request)  # type: ignore[no-any-return]
        except NotImplementedError:
            raise
        except Exception as error:
            raise ResourceFailed(str(error) or type(error).__name__, self._left(kind, model)) from error

    def _made(self, kind: str, model: Properties) -> Made:
        provider = self._provider(kind)
        executor = ResourceProviderExecutor(stack_name=self.stack_name, stack_id=self.stack_id)
        physical_id = executor.extract_physical_resource_id_from_model_with_schema(model, kind, provider.SCHEMA)
        return Made(str(physical_id), model)

    def _left(self, kind: str, model: Properties) -> Made | None:
        try:
            made = self._made(kind, model)
        except (AttributeError, KeyError, TypeError):
            return None
        return None if made.physical_id == "None" else made

    def _payload(self, action: str, name: str, kind: str, wanted: Properties, before: Properties | None) -> Any:
        credentials = {
            "accessKeyId": self.account,
            "secretAccessKey": INTERNAL_AWS_SECRET_ACCESS_KEY,
            "sessionToken": "",
        }
        return {
            "awsAccountId": self.account,
            "callbackContext": {},
            "stackId": self.stack_name,
            "resourceType": kind,
            "resourceTypeVersion": "000000",
            "bearerToken": str(uuid.uuid4()),
            "region": self.region,
            "action": action,
            "requestData": {
                "logicalResourceId": name,
                "resourceProperties": wanted,
                "previousResourceProperties": before,
                "callerCredentials": credentials,
                "providerCredentials": credentials,
                "systemTags": {},
                "previousSystemTags": {},
                "stackTags": {},
                "previousStackTags": {},
            },
        }
