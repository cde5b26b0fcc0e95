"""A resource type: what Ref returns, what replaces it, and how it is made, changed and removed."""

import copy
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

type Properties = dict[str, Any]

BEGUN = "begun"
"""What a provider hands to its next turn when it has begun and is not done."""


@dataclass(frozen=True)
class Call:
    """What is asked of a resource type: the properties wanted, and on an update those that were."""

    request: ResourceRequest[Properties]
    properties: Properties
    before: Properties = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The stack's account."""
        return self.request.account_id

    @property
    def region(self) -> str:
        """The stack's region."""
        return self.request.region_name

    def client(self, service: str) -> Any:
        """Return a client that writes the argument names of CloudFormation as the API spells them."""
        return getattr(self.request.aws_client_factory, service.replace("-", "_"))

    def generated_name(self, limit: int = 255) -> str:
        """Name the resource as CloudFormation does, where the template does not."""
        suffix = f"-{uuid.uuid4().hex[:12].upper()}"
        return f"{self.request.stack_name}-{self.request.logical_resource_id}"[: limit - len(suffix)] + suffix

    def changed(self, *names: str) -> bool:
        """Whether any of the properties is not what it was."""
        return any(self.properties.get(name) != self.before.get(name) for name in names)


type Make = Callable[[Call], Mapping[str, Any]]
"""Returns the attributes that the template can read with Fn::GetAtt, and the one that Ref returns."""


@dataclass(frozen=True)
class ResourceType:
    """A row of the table of types."""

    name: str
    reference: str
    create: Make
    delete: Callable[[Call], object]
    update: Make | None = None
    """None where every change that AWS makes in place is without effect here."""
    replaced_by: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    """What stays as it was made: carried over from update to update."""
    is_settled: Callable[[Call], bool] | None = None
    """Asked after a create or update until it is; raises when it never will be."""
    is_gone: Callable[[Call], bool] | None = None
    """Asked after a delete until it is."""
    patience_seconds: float = 300.0
    """How long any step may take, in real seconds."""


class TypeProvider(ResourceProvider[Properties]):
    """LocalStack's view of a resource type."""

    def __init__(self, kind: ResourceType) -> None:
        """Take the row."""
        self._kind = kind
        self.patience_seconds = kind.patience_seconds
        self.SCHEMA = {
            "typeName": kind.name,
            "primaryIdentifier": [f"/properties/{kind.reference}"],
            "createOnlyProperties": [f"/properties/{name}" for name in kind.replaced_by],
        }

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Make the resource."""
        call = Call(request, copy.deepcopy(request.desired_state))
        if request.custom_context.get(BEGUN):
            return _go_on(self._kind.is_settled, call)
        return _begun(call.properties | self._kind.create(call), self._kind.is_settled)

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Change the resource in place."""
        before = dict(request.previous_state or {})
        kept = {name: before[name] for name in (self._kind.reference, *self._kind.attributes) if name in before}
        call = Call(request, kept | copy.deepcopy(request.desired_state), before)
        if request.custom_context.get(BEGUN):
            return _go_on(self._kind.is_settled, call)
        changes = self._kind.update(call) if self._kind.update else {}
        return _begun(call.properties | changes, self._kind.is_settled)

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Remove the resource."""
        call = Call(request, copy.deepcopy(request.desired_state))
        if request.custom_context.get(BEGUN):
            return _go_on(self._kind.is_gone, call)
        self._kind.delete(call)
        return _begun(call.properties, self._kind.is_gone)


def _begun(model: Properties, is_over: Callable[[Call], bool] | None) -> ProgressEvent[Properties]:
    status = OperationStatus.IN_PROGRESS if is_over else OperationStatus.SUCCESS
    return ProgressEvent(status, resource_model=model, custom_context={BEGUN: True})


def _go_on(is_over: Callable[[Call], bool] | None, call: Call) -> ProgressEvent[Properties]:
    if is_over is None or is_over(call):
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=call.properties)
    return _begun(call.properties, is_over)
