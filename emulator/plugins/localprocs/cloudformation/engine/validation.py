"""What CloudFormation refuses before it makes anything, in its own words."""

import re
from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localprocs.cloudformation.engine.intrinsics import Scope, TemplateError
from localprocs.cloudformation.engine.references import references
from localprocs.cloudformation.engine.schema import published
from localprocs.cloudformation.engine.template import Template, read

PAGE = "docs/emulator-types.md"
"""Where the list of types stands."""

PSEUDO_PARAMETERS = frozenset({
    "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId",
    "AWS::StackName", "AWS::URLSuffix",
})  # fmt: skip

SECTIONS = frozenset({
    "AWSTemplateFormatVersion", "Conditions", "Description", "Hooks", "Mappings", "Metadata", "Outputs", "Parameters",
    "Resources", "Rules", "Transform",
})  # fmt: skip


def check(body: Mapping[str, Any], scope: Scope, is_made_here: Callable[[str], bool]) -> Template:
    """Return the template, read.

    Raises:
        TemplateError: AWS would refuse it, or a type of it is not made here.
    """
    _check_form(body)
    kinds = {each["Type"] for each in body["Resources"].values()}
    if unknown := sorted(kind for kind in kinds if not is_made_here(kind)):
        raise TemplateError(
            f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]. "
            f"What this emulator makes stands in {PAGE}"
        )
    template = read(body, scope)
    known = PSEUDO_PARAMETERS | (body.get("Parameters") or {}).keys()
    _check_names(body, template, known)
    _check_circles(template)
    return template


def check_parameters(body: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse values that the template's parameters do not allow, and parameters that it does not have.

    Raises:
        TemplateError: in AWS's words.
    """
    declared: Mapping[str, Any] = body.get("Parameters") or {}
    if unknown := sorted(given.keys() - declared.keys()):
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for name, rules in declared.items():
        value = given.get(name, rules.get("Default"))
        if value is not None and not rules["Type"].startswith("AWS::SSM::Parameter::Value"):
            _check_parameter(name, str(value), rules)


def _check_parameter(name: str, value: str, rules: Mapping[str, Any]) -> None:
    said = rules.get("ConstraintDescription")
    allowed = [str(each) for each in rules.get("AllowedValues", [])]
    values = value.split(",") if "List" in rules["Type"] else [value]
    for each in map(str.strip, values):
        if allowed and each not in allowed:
            words = said or f"must be one of AllowedValues: [{', '.join(allowed)}]"
            raise TemplateError(f"Parameter '{name}' {words}")
        if (pattern := rules.get("AllowedPattern")) and not re.fullmatch(pattern, each):
            raise TemplateError(f"Parameter '{name}' {said or f'must match pattern {pattern}'}")
    limits = (
        ("MinLength", lambda limit: len(value) >= limit, "must contain at least {} characters"),
        ("MaxLength", lambda limit: len(value) <= limit, "must contain at most {} characters"),
        ("MinValue", lambda limit: float(value) >= limit, "must be a number not less than {}"),
        ("MaxValue", lambda limit: float(value) <= limit, "must be a number not greater than {}"),
    )
    for rule, is_kept, words in limits:
        if rule in rules and not is_kept(float(rules[rule])):
            raise TemplateError(f"Parameter '{name}' {said or words.format(rules[rule])}")


def _check_form(body: Mapping[str, Any]) -> None:
    if unknown := sorted(body.keys() - SECTIONS):
        raise TemplateError(f"Template format error: Invalid template property or properties [{', '.join(unknown)}]")
    resources = body.get("Resources")
    if not resources:
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    for name, each in resources.items():
        if not isinstance(each, dict) or not isinstance(each.get("Type"), str):
            raise TemplateError(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        if not name.isalnum():
            raise TemplateError(f"Template format error: Resource name {name} is non alphanumeric.")


def _check_names(body: Mapping[str, Any], template: Template, known: frozenset[str] | set[str]) -> None:
    blocks = {"Resources": [each.properties for each in template.resources.values()], "Outputs": [template.outputs]}
    for block, parts in blocks.items():
        found = {reference for part in parts for reference in references(part)}
        names = {name for name, attribute in found if attribute is not None or name not in known}
        if missing := sorted(names - template.resources.keys()):
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                f"in the {block} block of the template"
            )
        for name, attribute in sorted(found, key=str):
            if attribute is not None:
                _check_attribute(name, template.resources[name].kind, attribute)
    for name, written in body["Resources"].items():
        depends = written.get("DependsOn") or []
        for other in [depends] if isinstance(depends, str) else depends:
            if other not in body["Resources"]:
                raise TemplateError(
                    f"Template format error: Unresolved resource dependencies [{other}] "
                    "in the Resources block of the template"
                )
            if other == name:
                raise TemplateError(f"Circular dependency between resources: [{name}]")


def _check_attribute(name: str, kind: str, attribute: str) -> None:
    if kind == "AWS::CloudFormation::Stack":
        return
    schema = published(kind)
    if schema and attribute and not schema.has_attribute(attribute):
        raise TemplateError(
            f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        )


def _check_circles(template: Template) -> None:
    try:
        TopologicalSorter({name: each.needs for name, each in template.resources.items()}).prepare()
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        raise TemplateError(f"Circular dependency between resources: [{', '.join(circle)}]") from error
