"""Templates that CloudFormation refuses, in its words."""

import pytest
from localprocs.cloudformation.engine import validation
from localprocs.cloudformation.engine.intrinsics import TemplateError
from localprocs.cloudformation.engine.template import ParameterScope
from stack_world import queue

KNOWN = ("AWS::SQS::Queue", "AWS::CloudFormation::CustomResource", "AWS::S3::Bucket")


def check(body):
    """Look at a template."""
    return validation.check(body, ParameterScope(body, {"P": "v"}), lambda kind: kind in KNOWN)


REFUSED = {
    "no resources": ({}, "Template format error: At least one Resources member must be defined."),
    "an empty list of them": (
        {"Resources": {}},
        "Template format error: At least one Resources member must be defined.",
    ),
    "an unknown section": (
        {"Resources": {"A": queue()}, "Resource": {}},
        "Template format error: Invalid template property or properties [Resource]",
    ),
    "a circle": (
        {"Resources": {"A": queue("B"), "B": queue(VisibilityTimeout={"Ref": "C"}), "C": queue("A"), "D": queue()}},
        "Circular dependency between resources: [A, B, C]",
    ),
    "a circle of one": (
        {"Resources": {"A": queue(RedrivePolicy={"Fn::GetAtt": ["A", "Arn"]})}},
        "Circular dependency between resources: [A]",
    ),
    "a circle through Fn::Sub": (
        {"Resources": {"A": queue(QueueName={"Fn::Sub": "${B.Arn}"}), "B": queue(QueueName={"Fn::Sub": "x${A}"})}},
        "Circular dependency between resources: [A, B]",
    ),
    "an attribute that the type has not": (
        {"Resources": {"A": queue()}, "Outputs": {"O": {"Value": {"Fn::GetAtt": "A.Colour"}}}},
        "Template error: resource A does not support attribute type Colour in Fn::GetAtt",
    ),
    "a name that nobody bears": (
        {"Resources": {"A": queue(QueueName={"Ref": "Nobody"})}},
        "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template",
    ),
    "the same in an output": (
        {"Resources": {"A": queue()}, "Outputs": {"O": {"Value": {"Fn::Sub": "${Nobody}"}}}},
        "Template format error: Unresolved resource dependencies [Nobody] in the Outputs block of the template",
    ),
    "a need that is not there": (
        {"Resources": {"A": queue("Nobody")}},
        "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template",
    ),
    "a name with a dash": (
        {"Resources": {"A-b": queue()}},
        "Template format error: Resource name A-b is non alphanumeric.",
    ),
    "no type": (
        {"Resources": {"A": {"Properties": {}}}},
        "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
    ),
    "an attribute of a resource that a condition leaves out": (
        {
            "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
            "Resources": {"A": {**queue(), "Condition": "Never"}, "B": queue(QueueName={"Fn::GetAtt": "A.Arn"})},
        },
        "Template format error: Unresolved resource dependencies [A] in the Resources block of the template",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_as_aws_does(case):
    """Before anything is made."""
    body, words = case

    with pytest.raises(TemplateError) as caught:
        check(body)

    assert str(caught.value) == words


def test_a_type_without_a_provider_is_named_with_the_page():
    """Nothing is passed over in silence."""
    with pytest.raises(TemplateError, match=r"\[AWS::Braket::Device\].*docs/emulator-types\.md"):
        check({"Resources": {"A": {"Type": "AWS::Braket::Device"}}})


def test_what_a_condition_leaves_out_is_not_needed():
    """Neither by name in DependsOn, nor by the branch of Fn::If that does not hold."""
    name = {"Fn::If": ["Never", {"Ref": "A"}, {"Ref": "P"}]}
    template = check(
        {
            "Parameters": {"P": {"Type": "String"}},
            "Conditions": {"Never": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, "v"]}]}},
            "Resources": {"A": {**queue(), "Condition": "Never"}, "B": queue("A", QueueName=name)},
        }
    )

    assert set(template.resources) == {"B"}
    assert not template.resources["B"].needs


@pytest.mark.parametrize(
    ("rules", "given", "words"),
    [
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues: [a, b]"),
        ({"AllowedPattern": "[a-z]+"}, "1", "Parameter 'P' must match pattern [a-z]+"),
        ({"MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
        ({"Type": "Number", "MaxValue": 3}, "4", "Parameter 'P' must be a number not greater than 3"),
        ({"AllowedValues": ["a"], "ConstraintDescription": "must be a"}, "c", "Parameter 'P' must be a"),
    ],
)
def test_a_parameter_is_what_it_may_be(rules, given, words):
    """Or the stack is refused."""
    with pytest.raises(TemplateError) as caught:
        validation.check_parameters({"Parameters": {"P": {"Type": "String", **rules}}}, {"P": given})

    assert str(caught.value) == words


def test_a_parameter_that_the_template_has_not():
    """Is a mistake of who gives it."""
    with pytest.raises(TemplateError, match=r"Parameters: \[Q\] do not exist in the template"):
        validation.check_parameters({}, {"Q": "1"})
