"""What a stack remembers of its resources, and tells of what becomes of them."""

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.cloudformation import ResourceStatus, StackResource, StackStatus
from localstack.services.cloudformation.v2.entities import Stack

from localprocs.cloudformation.engine.handlers import Made
from localprocs.cloudformation.engine.template import Resource
from localprocs.cloudformation.resource_type import Properties


@dataclass(frozen=True)
class Deployed:
    """A resource that is there, as it was asked for."""

    resource: Resource
    desired: Properties
    """Its properties with every function evaluated; references to secrets are not."""
    made: Made
    is_whole: bool = True
    """False of what a create left that failed."""

    @property
    def name(self) -> str:
        """Its logical id."""
        return self.resource.name

    @property
    def kind(self) -> str:
        """Its type."""
        return self.resource.kind


class Record:
    """A stack's own account of its resources; may be called from many threads."""

    def __init__(self, stack: Stack) -> None:
        """Write into the stack, where LocalStack's answers are read from."""
        self.stack = stack
        self._lock = threading.RLock()

    def deployed(self) -> dict[str, Deployed]:
        """Return what is there, by logical id."""
        with self._lock:
            return {name: found["Deployed"] for name, found in self.stack.resolved_resources.items()}

    def keep(self, deployed: Deployed, status: str) -> None:
        """Remember a resource as it is now."""
        with self._lock:
            self.stack.resolved_resources[deployed.name] = {
                "LogicalResourceId": deployed.name,
                "PhysicalResourceId": deployed.made.physical_id,
                "Type": deployed.kind,
                "Properties": deployed.made.model,
                "ResourceStatus": ResourceStatus(status),
                "LastUpdatedTimestamp": datetime.now(tz=UTC),
                "Deployed": deployed,
            }

    def relabel(self, name: str, resource: Resource) -> None:
        """Remember what the template says now of a resource that stays as it is."""
        with self._lock:
            found = self.stack.resolved_resources[name]
            found["Deployed"] = replace(found["Deployed"], resource=resource)

    def forget(self, name: str) -> None:
        """Remember a resource no more."""
        with self._lock:
            self.stack.resolved_resources.pop(name, None)
            self.stack.resource_states.pop(name, None)

    def tell(self, name: str, kind: str, status: str, *, physical_id: str = "", reason: str = "") -> None:
        """Tell what becomes of a resource."""
        with self._lock:
            self._event(name, kind, physical_id, status, reason)
            state: Any = StackResource(
                StackName=self.stack.stack_name,
                StackId=self.stack.stack_id,
                LogicalResourceId=name,
                PhysicalResourceId=physical_id,
                ResourceType=kind,
                Timestamp=datetime.now(tz=UTC),
                ResourceStatus=ResourceStatus(status),
            )
            if reason:
                state["ResourceStatusReason"] = reason
            self.stack.resource_states[name] = state

    def tell_of_old(self, old: Deployed, status: str, reason: str = "") -> None:
        """Tell what becomes of a resource that another has replaced under its name, which is what is listed."""
        with self._lock:
            self._event(old.name, old.kind, old.made.physical_id, status, reason)

    def tell_stack(self, status: str, reason: str = "") -> None:
        """Tell what becomes of the stack."""
        with self._lock:
            self.stack.set_stack_status(StackStatus(status), reason or None)
            self.stack.status_reason = reason or None

    def _event(self, name: str, kind: str, physical_id: str, status: str, reason: str) -> None:
        self.stack._store_event(name, kind, physical_id, ResourceStatus(status), reason)  # noqa: SLF001 - has no other
