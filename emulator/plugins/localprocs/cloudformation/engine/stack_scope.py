"""Where a stack's names get their meaning while it is deployed."""

from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.cloudformation.engine.v2.resolving import (
    REGEX_DYNAMIC_REF,
    extract_dynamic_reference,
    perform_dynamic_reference_lookup,
)
from localstack.services.cloudformation.stores import exports_map
from localstack.services.cloudformation.v2.entities import Stack
from localstack.utils.aws.arns import get_partition

from localprocs.cloudformation.engine.handlers import Made
from localprocs.cloudformation.engine.intrinsics import TemplateError
from localprocs.cloudformation.engine.template import ParameterScope


class StackScope(ParameterScope):
    """Parameters, and the resources that are there already."""

    def __init__(
        self, stack: Stack, body: Mapping[str, Any], parameters: Mapping[str, Any], made: Callable[[str], Made | None]
    ) -> None:
        """Take the template, its parameters' values, and where to look a resource up."""
        super().__init__(body, {**pseudo_parameters(stack), **parameters})
        self._stack = stack
        self._made = made
        self.imports: set[str] = set()
        """The exports of others that were asked for."""

    def ref(self, name: str) -> Any:
        """Return a parameter, or a resource's physical id."""
        return self.values[name] if name in self.values else self._resource(name).physical_id

    def attribute(self, name: str, attribute: str) -> Any:
        """Return an attribute of a resource."""
        model: Any = self._resource(name).model
        found = model.get(attribute) if isinstance(model, dict) else None
        if found is None:
            found = _at(attribute, model)
        if found is None:
            raise TemplateError(f"Attribute {attribute} of {name} is not known to this emulator")
        return found

    def exported(self, name: str) -> Any:
        """Return what another stack exports."""
        export = exports_map(account_id=self._stack.account_id, region_name=self._stack.region_name).get(name)
        if export is None:
            raise TemplateError(f"No export named {name} found.")
        self.imports.add(name)
        return export["Value"]

    def zones(self, region: str) -> list[str]:
        """Return a region's availability zones."""
        ec2 = connect_to(aws_access_key_id=self._stack.account_id, region_name=region).ec2
        return [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]

    def revealed(self, value: Any) -> Any:
        """Return the value with what ``{{resolve:…}}`` refers to."""
        if isinstance(value, dict):
            return {key: self.revealed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.revealed(each) for each in value]
        if isinstance(value, str):
            while reference := extract_dynamic_reference(value):
                found = perform_dynamic_reference_lookup(reference, self._stack.account_id, self._stack.region_name)
                if found is None:
                    raise TemplateError(f"{value} cannot be resolved")
                value = REGEX_DYNAMIC_REF.sub(lambda _, found=found: found, value, count=1)  # type: ignore[misc]
        return value

    def _resource(self, name: str) -> Made:
        made = self._made(name)
        if made is None:
            raise TemplateError(f"Unresolved resource dependencies [{name}] in the Resources block of the template")
        return made


def pseudo_parameters(stack: Stack) -> dict[str, Any]:
    """Return what AWS knows of every stack."""
    return {
        "AWS::AccountId": stack.account_id,
        "AWS::NotificationARNs": [],
        "AWS::Partition": get_partition(stack.region_name),
        "AWS::Region": stack.region_name,
        "AWS::StackId": stack.stack_id,
        "AWS::StackName": stack.stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def parameter_values(resolved: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values of parameters as LocalStack has resolved them."""
    return {name: _value(parameter) for name, parameter in (resolved or {}).items()}


def _value(parameter: Mapping[str, Any]) -> Any:
    found = next(
        parameter[key] for key in ("resolved_value", "given_value", "default_value") if parameter.get(key) is not None
    )
    if "List" in parameter["type_"] and isinstance(found, str):
        return [each.strip() for each in found.split(",")] if found else []
    return found


def _at(path: str, model: Any) -> Any:
    for part in path.split("."):
        model = model.get(part) if isinstance(model, dict) else None
    return model
