"""What AWS publishes of a resource type: its properties, what replaces it, its attributes. cfn-lint carries it."""

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LEGACY_ATTRIBUTES = frozenset({
    "AWS::EC2::Instance", "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::Events::EventBus",
    "AWS::Kinesis::StreamConsumer", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::SSM::Parameter",
    "AWS::StepFunctions::Activity",
})  # fmt: skip
"""Types of which Fn::GetAtt returns every property, not the read-only ones alone."""

WORDS = {"integer": "Integer", "number": "Number", "boolean": "Boolean", "string": "String"}


class Schema:
    """One type's."""

    def __init__(self, published: Mapping[str, Any]) -> None:
        """Take what is published."""
        self._published = published

    @property
    def create_only(self) -> list[str]:
        """JSON pointers to what only a new resource can take."""
        return list(self._published.get("createOnlyProperties", []))

    def has_attribute(self, name: str) -> bool:
        """Whether Fn::GetAtt can ask for it."""
        published = self._published
        read_only = {_dotted(pointer) for pointer in published.get("readOnlyProperties", [])}
        if published["typeName"] in LEGACY_ATTRIBUTES:
            read_only |= published["properties"].keys()
        return any(name == each or name.startswith(f"{each}.") for each in read_only)

    def fitted(self, properties: Any) -> Any:
        """Return the properties with each number, truth value and string written as the type has it."""
        return self._fit(properties, self._published)

    def problems(self, properties: Any) -> list[str]:
        """Return what AWS finds wrong with the (fitted) properties, in its words."""
        return list(self._problems(properties, self._published, "#"))

    def _fit(self, value: Any, spec: Any) -> Any:
        spec = self._resolved(spec)
        if isinstance(value, dict):
            return {key: self._fit(each, self._of_key(spec, key) or {}) for key, each in value.items()}
        if isinstance(value, list):
            return [self._fit(each, spec.get("items", {})) for each in value]
        return _converted(value, _types(spec))

    def _problems(self, value: Any, spec: Any, path: str) -> Iterator[str]:
        spec = self._resolved(spec)
        if isinstance(value, dict):
            yield from self._of_object(value, spec, path)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                yield from self._problems(each, spec.get("items", {}), f"{path}/{index}")
        else:
            yield from _of_scalar(value, spec, path)

    def _of_object(self, value: Any, spec: Any, path: str) -> Iterator[str]:
        for name in spec.get("required", []):
            if name not in value:
                yield f"{path}: required key [{name}] not found"
        for key, each in value.items():
            found = self._of_key(spec, key)
            if found is not None:
                yield from self._problems(each, found, f"{path}/{key}")
            elif "properties" in spec and spec.get("additionalProperties") is False:
                yield f"{path}: extraneous key [{key}] is not permitted"

    def _of_key(self, spec: Any, key: str) -> Any:
        if key in spec.get("properties", {}):
            return spec["properties"][key]
        for pattern, found in spec.get("patternProperties", {}).items():
            if re.search(pattern, key):
                return found
        more = spec.get("additionalProperties")
        return more if isinstance(more, dict) else None

    def _resolved(self, spec: Any) -> Any:
        while isinstance(spec, dict) and "$ref" in spec:
            found: Any = self._published
            for part in spec["$ref"].removeprefix("#/").split("/"):
                found = found.get(part, {})
            spec = found
        return spec if isinstance(spec, dict) else {}


@cache
def published(kind: str) -> Schema | None:
    """Return the type's schema; None where AWS publishes none, as of custom resources."""
    folder = _folder()
    name = _index().get(kind)
    return Schema(json.loads((folder / "resources" / f"{name}.json").read_text())) if name else None


def published_types() -> list[str]:
    """Return the names of all types."""
    return list(_index())


@cache
def _index() -> dict[str, str]:
    return json.loads((_folder() / "providers" / "us-east-1.json").read_text())  # type: ignore[no-any-return]


@cache
def _folder() -> Path:
    # Found without importing it, which takes seconds.
    found = importlib.util.find_spec("cfnlint")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the schemas of AWS's resource types come with cfn-lint", name="cfnlint")
    return Path(found.origin).parent / "data" / "schemas"


def _dotted(pointer: str) -> str:
    return pointer.removeprefix("/properties/").replace("/", ".")


def _types(spec: Any) -> set[str]:
    kind = spec.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _of_scalar(value: Any, spec: Any, path: str) -> Iterator[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < spec.get("minimum", value):
            yield f"{path}: {value} is not greater or equal to {spec['minimum']}"
        if value > spec.get("maximum", value):
            yield f"{path}: {value} is not less or equal to {spec['maximum']}"
    elif isinstance(value, str) and _types(spec) and not _types(spec) - {"integer", "number", "boolean"}:
        yield f"{path}: expected type: {WORDS[min(_types(spec))]}, found: String"


def _converted(value: Any, kinds: set[str]) -> Any:
    if isinstance(value, bool):
        return str(value).lower() if "string" in kinds and "boolean" not in kinds else value
    if isinstance(value, int | float):
        return str(value) if "string" in kinds and not kinds & {"integer", "number"} else value
    if isinstance(value, str) and "string" not in kinds:
        if "boolean" in kinds and value.lower() in ("true", "false"):
            return value.lower() == "true"
        for kind, convert in (("integer", int), ("number", float)):
            if kind in kinds:
                try:
                    return convert(value)
                except ValueError:
                    continue
    return value
