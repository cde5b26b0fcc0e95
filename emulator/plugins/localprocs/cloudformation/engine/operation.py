"""A stack's create, update, rollback and delete."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localprocs.cloudformation.custom_resources.messages import CUSTOM
from localprocs.cloudformation.engine.handlers import Handlers, Made, ResourceFailed
from localprocs.cloudformation.engine.intrinsics import TemplateError, evaluate
from localprocs.cloudformation.engine.record import Deployed, Record
from localprocs.cloudformation.engine.replacement import keeps_its_name
from localprocs.cloudformation.engine.schema import published
from localprocs.cloudformation.engine.side_by_side import side_by_side
from localprocs.cloudformation.engine.stack_scope import StackScope
from localprocs.cloudformation.engine.template import Resource, Template
from localprocs.cloudformation.resource_type import Properties


@dataclass(frozen=True)
class Outputs:
    """What a stack tells of itself when it stands."""

    listed: list[dict[str, Any]]
    exports: Mapping[str, Any]


@dataclass
class Deployment:
    """Takes a stack from what it is to what its template says; or back, where that fails."""

    record: Record
    template: Template
    scope_of: Callable[[Callable[[str], Made | None]], StackScope]
    """Makes the scope that looks resources up where it is told to."""
    handlers: Handlers
    accept: Callable[[Outputs], object] = lambda _: None
    """Told of the outputs before anybody hears that the stack stands; may refuse them with a TemplateError."""
    _made: dict[str, Made] = field(default_factory=dict)
    _created: list[Deployed] = field(default_factory=list)
    _changed: list[tuple[Deployed, Deployed]] = field(default_factory=list)
    _replaced: list[Deployed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """See what is there."""
        self._before = self.record.deployed()
        self.scope = self.scope_of(self._made.get)

    def create(self, *, roll_back: bool = True) -> Outputs | None:
        """Make the stack; None where it failed."""
        failed, outputs = self._go_forward()
        if outputs:
            self.record.tell_stack("CREATE_COMPLETE")
        elif roll_back:
            self.record.tell_stack("ROLLBACK_IN_PROGRESS", self._words(failed))
            self.record.tell_stack("ROLLBACK_COMPLETE" if self._remove_created() else "ROLLBACK_FAILED")
        else:
            self.record.tell_stack("CREATE_FAILED", self._words(failed))
        return outputs

    def update(self, *, roll_back: bool = True) -> Outputs | None:
        """Change the stack; None where it failed, and all is as it was."""
        failed, outputs = self._go_forward()
        if outputs:
            self.record.tell_stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            self._clean_up()
            self.record.tell_stack("UPDATE_COMPLETE")
        elif roll_back:
            self.record.tell_stack("UPDATE_ROLLBACK_IN_PROGRESS", self._words(failed))
            self._go_back()
        else:
            self.record.tell_stack("UPDATE_FAILED", self._words(failed))
        return outputs

    def _go_forward(self) -> tuple[list[str], Outputs | None]:
        needs = {name: resource.needs for name, resource in self.template.resources.items()}
        failures = side_by_side(needs, self._deploy, stop_at_failure=True)
        self.handlers.resume()
        if failures:
            return list(failures), None
        try:
            outputs = self._outputs()
            self.accept(outputs)
        except (TemplateError, KeyError, TypeError, ValueError) as error:
            return [f"Outputs: {error}"], None
        return [], outputs

    def _deploy(self, name: str) -> None:
        resource = self.template.resources[name]
        before = self._before.get(name)
        verb = "UPDATE" if before else "CREATE"
        try:
            desired = self._desired(resource)
            if before and before.is_whole and before.kind == resource.kind and before.desired == desired:
                self.record.relabel(name, resource)
                self._stands(name, before.made)
                return
            self._check(resource, desired)
            if before is None:
                self._create(resource, desired, "CREATE")
            elif not before.is_whole or before.kind != resource.kind or self._must_replace(before, desired):
                self._replace(before, resource, desired)
            else:
                self._change(before, resource, desired)
        except Exception as error:
            physical_id = before.made.physical_id if before else ""
            self.record.tell(name, resource.kind, f"{verb}_FAILED", physical_id=physical_id, reason=str(error))
            self.handlers.cancel()
            raise

    def _desired(self, resource: Resource) -> Properties:
        desired = evaluate(resource.properties, self.scope)
        schema = published(resource.kind)
        return schema.fitted(desired) if schema else desired  # type: ignore[no-any-return]

    def _check(self, resource: Resource, desired: Properties) -> None:
        schema = published(resource.kind)
        if schema and (problems := schema.problems(desired)):
            words = "\n".join(problems)
            raise ResourceFailed(f"Properties validation failed for resource {resource.name} with message:\n{words}")

    def _must_replace(self, before: Deployed, desired: Properties) -> bool:
        return self.handlers.must_replace(before.kind, before.desired, desired)

    def _create(self, resource: Resource, desired: Properties, verb: str, reason: str = "") -> None:
        self.record.tell(resource.name, resource.kind, f"{verb}_IN_PROGRESS", reason=reason)
        try:
            made = self.handlers.create(resource.name, resource.kind, self.scope.revealed(desired))
        except ResourceFailed as error:
            if error.left:
                left = Deployed(resource, desired, error.left, is_whole=False)
                self._note(self._created, left)
                if verb == "CREATE":
                    self.record.keep(left, "CREATE_FAILED")
            raise
        deployed = Deployed(resource, desired, made)
        self._note(self._created, deployed)
        self._keep(deployed, f"{verb}_COMPLETE")

    def _replace(self, before: Deployed, resource: Resource, desired: Properties) -> None:
        schema = published(before.kind) if before.is_whole and before.kind == resource.kind else None
        if schema and keeps_its_name(before.kind, schema.create_only, before.desired, desired):
            raise ResourceFailed(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {before.made.physical_id} and update the stack again."
            )
        reason = "Requested update requires the creation of a new physical resource; hence creating one."
        self._create(resource, desired, "UPDATE", reason)
        self._note(self._replaced, before)

    def _change(self, before: Deployed, resource: Resource, desired: Properties) -> None:
        name, kind = resource.name, resource.kind
        self.record.tell(name, kind, "UPDATE_IN_PROGRESS", physical_id=before.made.physical_id)
        wanted = self.scope.revealed(desired)
        try:
            made = self.handlers.update(name, kind, wanted, before.made)
        except ResourceFailed as error:
            if error.left is not before.made:
                half = replace(before.made, model=before.made.model | wanted)
                self._note(self._changed, (before, Deployed(resource, desired, half)))
            raise
        after = Deployed(resource, desired, made)
        self._note(self._changed, (before, after))
        if kind.startswith(CUSTOM) and made.physical_id != before.made.physical_id:
            self._note(self._replaced, before)
        self._keep(after, "UPDATE_COMPLETE")

    def _keep(self, deployed: Deployed, status: str) -> None:
        self.record.keep(deployed, status)
        self.record.tell(deployed.name, deployed.kind, status, physical_id=deployed.made.physical_id)
        self._stands(deployed.name, deployed.made)

    def _outputs(self) -> Outputs:
        listed, exports = [], {}
        for name, written in self.template.outputs.items():
            found = evaluate(written, self.scope)
            output = {"OutputKey": name, "OutputValue": _spelled(found["Value"])}
            if description := found.get("Description"):
                output["Description"] = description
            if export := found.get("Export"):
                output["ExportName"] = export["Name"]
                exports[export["Name"]] = output["OutputValue"]
            listed.append(output)
        return Outputs(listed, exports)

    def _clean_up(self) -> None:
        removed = [each for name, each in self._before.items() if name not in self.template.resources]
        remove([*removed, *self._replaced], self.record, self.handlers, replaced=self._replaced)

    def _go_back(self) -> None:
        problems = [name for before, after in reversed(self._changed) if (name := self._change_back(before, after))]
        created = {each.name for each in self._created}
        for before in self._replaced:
            if before.name in created:
                self._keep(before, "UPDATE_COMPLETE")
        for name, before in self._before.items():
            if name in self.template.resources:
                self.record.relabel(name, before.resource)
        if problems:
            self.record.tell_stack("UPDATE_ROLLBACK_FAILED", self._words(problems))
            return
        self.record.tell_stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._remove_created()
        self.record.tell_stack("UPDATE_ROLLBACK_COMPLETE")

    def _change_back(self, before: Deployed, after: Deployed) -> str:
        """Return the name of what could not be changed back."""
        name, kind = before.name, before.kind
        self.record.tell(name, kind, "UPDATE_IN_PROGRESS", physical_id=after.made.physical_id)
        try:
            made = self.handlers.update(name, kind, self.scope.revealed(before.desired), after.made)
        except ResourceFailed as error:
            self.record.tell(name, kind, "UPDATE_FAILED", physical_id=after.made.physical_id, reason=str(error))
            return name
        self._keep(replace(before, made=made), "UPDATE_COMPLETE")
        return ""

    def _remove_created(self) -> bool:
        """Return whether all of it is gone."""
        successors = [each for each in self._created if each.name in self._before]
        return not remove(self._created, self.record, self.handlers, replaced=successors, is_create=True)

    def _words(self, failed: list[str]) -> str:
        changed = [name for name in failed if name in self._before]
        made = [name for name in failed if name not in self._before]
        return "".join(
            f"The following resource(s) failed to {step}: [{', '.join(names)}]. "
            for step, names in (("create", made), ("update", changed))
            if names
        )

    def _stands(self, name: str, made: Made) -> None:
        with self._lock:
            self._made[name] = made

    def _note(self, where: list[Any], what: Any) -> None:
        with self._lock:
            where.append(what)


def delete(record: Record, handlers: Handlers, retain: Iterable[str] = ()) -> bool:
    """Remove the stack's resources, what needs others before those; return whether all that should be is gone."""
    there = record.deployed()
    for name in set(retain) & there.keys():
        found = there.pop(name)
        record.tell(name, found.kind, "DELETE_SKIPPED", physical_id=found.made.physical_id)
        record.forget(name)
    if failed := remove(there.values(), record, handlers):
        record.tell_stack("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
        return False
    record.tell_stack("DELETE_COMPLETE")
    return True


def remove(
    old: Iterable[Deployed],
    record: Record,
    handlers: Handlers,
    *,
    replaced: Iterable[Deployed] = (),
    is_create: bool = False,
) -> list[str]:
    """Remove resources, each after those that need it, and return the names of what could not be.

    Args:
        replaced: those of them whose name another resource bears, which stays
        is_create: the stack's operation has made them, and takes them back
    """
    nodes = {each.name: each for each in old}
    second = {id(each) for each in replaced}

    def take(name: str) -> None:
        _remove_one(nodes[name], record, handlers, is_replaced=id(nodes[name]) in second, is_create=is_create)

    needs = {
        name: {other.name for other in nodes.values() if name in other.resource.needs and other.name != name}
        for name in nodes
    }
    return list(side_by_side(needs, take, stop_at_failure=False))


def _remove_one(old: Deployed, record: Record, handlers: Handlers, *, is_replaced: bool, is_create: bool) -> None:
    def tell(status: str, reason: str = "") -> None:
        if is_replaced:
            record.tell_of_old(old, status, reason)
        else:
            record.tell(old.name, old.kind, status, physical_id=old.made.physical_id, reason=reason)

    policy = old.resource.replace_policy if is_replaced and not is_create else old.resource.deletion_policy
    if policy == "Retain" or (policy == "RetainExceptOnCreate" and not is_create):
        tell("DELETE_SKIPPED")
    else:
        tell("DELETE_IN_PROGRESS")
        try:
            handlers.delete(old.name, old.kind, old.made)
        except Exception as error:
            tell("DELETE_FAILED", str(error))
            raise
        tell("DELETE_COMPLETE")
    if not is_replaced:
        record.forget(old.name)


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
