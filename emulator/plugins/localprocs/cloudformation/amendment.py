"""LocalStack's own resource types, with what they leave out."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

from localprocs.cloudformation.resource_type import Call, Make, Properties


@dataclass(frozen=True)
class Amendment:
    """What is ours of a type that is LocalStack's."""

    name: str
    update: Make
    """In place of LocalStack's update, which most of its types do not have."""
    complete: Make | None = None
    """After LocalStack's create."""
    delete: Callable[[Call], object] | None = None
    """In place of LocalStack's delete."""


class AmendedProvider(ResourceProvider[Properties]):
    """LocalStack's provider and our amendment."""

    def __init__(self, theirs: Any, amendment: Amendment) -> None:
        """Put the two together."""
        self._theirs = theirs
        self._amendment = amendment
        self.SCHEMA = theirs.SCHEMA

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Make the resource."""
        event = self._theirs.create(request)
        if event.status == OperationStatus.SUCCESS and self._amendment.complete:
            self._amendment.complete(Call(request, copy.deepcopy(event.resource_model)))
        return event

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Change the resource in place: what the template does not name stays as it was made."""
        before = dict(request.previous_state or {})
        read_only = {path.split("/")[-1] for path in self.SCHEMA.get("readOnlyProperties", [])}
        identifiers = {path.split("/")[-1] for path in self.SCHEMA["primaryIdentifier"]}
        kept = {name: value for name, value in before.items() if name in read_only | identifiers}
        properties = kept | copy.deepcopy(request.desired_state)
        properties |= self._amendment.update(Call(request, properties, before))
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=properties)

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Remove the resource."""
        if self._amendment.delete is None:
            return self._theirs.delete(request)
        self._amendment.delete(Call(request, copy.deepcopy(request.desired_state)))
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=request.desired_state)
