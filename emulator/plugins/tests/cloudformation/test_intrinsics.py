"""CloudFormation's functions."""

import pytest
from localprocs.cloudformation.engine.intrinsics import TemplateError, evaluate, holds
from localprocs.cloudformation.engine.template import ParameterScope


class Scope(ParameterScope):
    """With a resource."""

    def attribute(self, name, attribute):
        """Write both."""
        return f"{name}/{attribute}"


SCOPE = Scope(
    {"Mappings": {"M": {"a": {"b": "c"}}}, "Conditions": {"Yes": {"Fn::Equals": [{"Ref": "P"}, "v"]}}},
    {"P": "v", "L": ["x", "y"], "AWS::Region": "us-east-1"},
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Ref": "P"}, "v"),
        ({"Fn::GetAtt": ["A", "B.C"]}, "A/B.C"),
        ({"Fn::GetAtt": "A.B.C"}, "A/B.C"),
        ({"Fn::Sub": "${P}-${A.B}-${!P}-${AWS::Region}"}, "v-A/B-${P}-us-east-1"),
        ({"Fn::Sub": ["${X}${P}", {"X": {"Fn::Join": ["", ["1", 2]]}}]}, "12v"),
        ({"Fn::Join": [",", {"Ref": "L"}]}, "x,y"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "c"),
        ({"Fn::FindInMap": ["M", "a", "z", {"DefaultValue": "d"}]}, "d"),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Length": {"Ref": "L"}}, 2),
        ({"Fn::ToJsonString": {"a": {"Ref": "P"}}}, '{"a":"v"}'),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Ref": "P", "Other": 1}, {"Ref": "P", "Other": 1}),
    ],
)
def test_a_function_means_what_aws_says(written, meant):
    """Nested in one another, too."""
    assert evaluate(written, SCOPE) == meant


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("Yes", True),
        ({"Fn::Not": [{"Condition": "Yes"}]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Fn::Equals": [1, "1"]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": ["true", True]}, {"Fn::Equals": ["a", "b"]}]}, True),
    ],
)
def test_a_condition_holds_or_not(condition, outcome):
    """Numbers and truth values are compared as they are written."""
    assert holds(condition, SCOPE) is outcome


def test_a_value_that_is_not_there_is_an_error():
    """In AWS's words."""
    with pytest.raises(TemplateError, match="Unable to get mapping for M::x::y"):
        evaluate({"Fn::FindInMap": ["M", "x", "y"]}, SCOPE)
