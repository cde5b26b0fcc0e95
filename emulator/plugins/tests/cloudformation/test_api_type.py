"""Resource types that are described by a row."""

from types import SimpleNamespace

import pytest
from localprocs.cloudformation.api_type import api_type, tag_map
from localprocs.cloudformation.resource_type import TypeProvider
from localprocs.cloudformation.types import TYPES
from localstack.services.cloudformation.resource_provider import OperationStatus

THING = api_type(
    "AWS::Test::Thing",
    "test",
    reference="Name",
    create="create_thing",
    update="update_thing",
    delete="delete_thing",
    key={"thing": "Name"},
    named="Name",
    arguments={"label": "Label"},
    attributes={"Arn": "thing.arn"},
    replaced_by=("Name",),
)


class Api:
    """Remembers what it was asked."""

    def __init__(self):
        """Begin with nothing."""
        self.asked = []

    def __getattr__(self, operation):
        """Return an operation."""

        def ask(**arguments):
            self.asked.append((operation, arguments))
            return {"thing": {"arn": "arn:1"}} if operation == "create_thing" else {}

        return ask


def request(api, desired, previous=None):
    """Make what LocalStack hands to a provider."""
    return SimpleNamespace(
        desired_state=desired,
        previous_state=previous,
        aws_client_factory=SimpleNamespace(test=api),
        account_id="1",
        region_name="us-east-1",
        stack_name="stack",
        logical_resource_id="Thing",
        custom_context={},
    )


@pytest.fixture
def api():
    """Return an API that remembers."""
    return Api()


def test_a_resource_without_a_name_gets_one(api):
    """Stack and logical id are in it, as CloudFormation does it."""
    event = TypeProvider(THING).create(request(api, {"Label": "x"}))

    assert event.status is OperationStatus.SUCCESS
    assert event.resource_model["Name"].startswith("stack-Thing-")
    assert event.resource_model["Arn"] == "arn:1"
    assert api.asked[0][1]["label"] == "x"


def test_an_update_keeps_what_was_made(api):
    """Ref and Fn::GetAtt give the same after an update in place."""
    before = TypeProvider(THING).create(request(api, {"Label": "x"})).resource_model

    after = TypeProvider(THING).update(request(api, {"Label": "y"}, before)).resource_model

    assert (after["Name"], after["Arn"], after["Label"]) == (before["Name"], "arn:1", "y")
    assert api.asked[-1] == ("update_thing", {**after, "label": "y", "thing": before["Name"]})


def test_a_delete_names_the_resource_alone(api):
    """No property goes into a delete."""
    TypeProvider(THING).delete(request(api, {"Name": "n", "Label": "x"}))

    assert api.asked == [("delete_thing", {"thing": "n"})]


def test_every_type_says_what_ref_returns():
    """LocalStack reads the physical id from it."""
    for kind in TYPES.values():
        assert TypeProvider(kind).SCHEMA["primaryIdentifier"] == [f"/properties/{kind.reference}"]


def test_tags_as_a_map():
    """Some APIs take a map of tags."""
    assert tag_map({"Tags": [{"Key": "a", "Value": "b"}]}) == {"a": "b"}
    assert tag_map({}) is None
