"""Where a stack's names get their meaning."""

import pytest
from localprocs.cloudformation.engine.handlers import Made
from localprocs.cloudformation.engine.intrinsics import TemplateError
from localprocs.cloudformation.engine.stack_scope import StackScope, parameter_values
from localstack.services.cloudformation.v2.entities import Stack

THING = Made("thing-1", {"Arn": "arn:1", "Endpoint": {"Port": 5}, "Dotted.Key": "whole"})


@pytest.fixture
def scope():
    """A stack with one resource."""
    stack = Stack("000000000000", "us-east-1", {"StackName": "s"})
    return StackScope(stack, {}, {"P": "v"}, {"Thing": THING}.get)


def test_names_are_parameters_pseudo_parameters_and_resources(scope):
    """In this order."""
    assert [scope.ref(name) for name in ("P", "AWS::StackName", "AWS::URLSuffix", "Thing")] == [
        "v",
        "s",
        "amazonaws.com",
        "thing-1",
    ]


def test_attributes_are_read_by_their_path(scope):
    """A custom resource's may have dots in their names."""
    assert [scope.attribute("Thing", path) for path in ("Arn", "Endpoint.Port", "Dotted.Key")] == ["arn:1", 5, "whole"]


def test_an_attribute_that_was_not_returned_is_an_error(scope):
    """Never an empty value."""
    with pytest.raises(TemplateError, match="Attribute Colour of Thing is not known to this emulator"):
        scope.attribute("Thing", "Colour")


def test_lists_of_parameters_are_lists():
    """However they came."""
    given = {
        "L": {"type_": "CommaDelimitedList", "given_value": "a, b"},
        "D": {"type_": "Number", "default_value": 0},
        "S": {"type_": "AWS::SSM::Parameter::Value<List<String>>", "given_value": "/x", "resolved_value": ["a"]},
    }

    assert parameter_values(given) == {"L": ["a", "b"], "D": 0, "S": ["a"]}
