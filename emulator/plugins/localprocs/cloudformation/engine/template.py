"""A template with its parameters: the resources that its conditions leave, and what each needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localprocs.cloudformation.engine.intrinsics import Scope, TemplateError, chosen, holds
from localprocs.cloudformation.engine.references import references


class ParameterScope:
    """What a template can say before any of its resources is there."""

    def __init__(self, body: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Take the template, and its parameters' and the pseudo parameters' values by name."""
        self.mappings: Mapping[str, Any] = body.get("Mappings") or {}
        self.conditions: Mapping[str, Any] = body.get("Conditions") or {}
        self.values = values

    def ref(self, name: str) -> Any:
        """Return a parameter."""
        if name not in self.values:
            raise TemplateError(
                f"Template format error: Unresolved dependencies [{name}]. "
                "Cannot reference resources in the Conditions block of the template"
            )
        return self.values[name]

    def attribute(self, name: str, attribute: str) -> Any:
        """Refuse: no resource is there."""
        raise TemplateError(f"Template error: Fn::GetAtt {name}.{attribute} cannot be used here")

    def exported(self, _name: str) -> Any:
        """Refuse, as AWS does in conditions."""
        raise TemplateError("Template error: Cannot use Fn::ImportValue in Conditions.")

    def zones(self, _region: str) -> list[str]:
        """Refuse, as AWS does in conditions."""
        raise TemplateError("Template error: Cannot use Fn::GetAZs in Conditions.")


@dataclass(frozen=True)
class Resource:
    """What the template says of a resource, with every Fn::If decided."""

    name: str
    kind: str
    properties: Any
    needs: frozenset[str]
    deletion_policy: str
    replace_policy: str


@dataclass(frozen=True)
class Template:
    """What is to be made, and what is told of it."""

    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    left_out: frozenset[str]
    """Resources whose condition does not hold."""


def read(body: Mapping[str, Any], scope: Scope) -> Template:
    """Decide the template's conditions."""
    written: Mapping[str, Any] = body.get("Resources") or {}
    there = {name: each for name, each in written.items() if _holds(each, scope)}
    resources = {name: _resource(name, each, there.keys(), scope) for name, each in there.items()}
    outputs = {name: chosen(each, scope) for name, each in (body.get("Outputs") or {}).items() if _holds(each, scope)}
    return Template(resources, outputs, frozenset(written.keys() - there.keys()))


def _holds(written: Mapping[str, Any], scope: Scope) -> bool:
    return "Condition" not in written or holds(written["Condition"], scope)


def _resource(name: str, written: Mapping[str, Any], there: Any, scope: Scope) -> Resource:
    properties = chosen(written.get("Properties") or {}, scope)
    depends = written.get("DependsOn") or []
    needs = {depends} if isinstance(depends, str) else set(depends)
    needs |= {referred for referred, _ in references(properties)}
    return Resource(
        name,
        written["Type"],
        properties,
        frozenset(needs & set(there)),
        written.get("DeletionPolicy", "Delete"),
        written.get("UpdateReplacePolicy", "Delete"),
    )
