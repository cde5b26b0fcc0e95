"""A stack is what its template says, or what it was before."""

import threading

import pytest
from localprocs.cloudformation.engine.handlers import Made
from stack_world import World, queue


@pytest.fixture
def world():
    """An empty stack."""
    return World()


def test_a_failed_create_leaves_nothing(world):
    """What was made is removed, what needs others first, and the status is AWS's."""
    world.cloud.broken.add(("create", "C"))

    assert world.deploy({"A": queue(), "B": queue("A"), "C": queue("B")}) == "ROLLBACK_COMPLETE"

    assert not world.cloud.there
    assert [step for step in world.cloud.did if step[0] == "delete"] == [("delete", "B"), ("delete", "A")]
    assert world.statuses("s") == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert world.statuses("C") == ["CREATE_IN_PROGRESS", "CREATE_FAILED"]
    assert "The following resource(s) failed to create: [C]. " in world.reasons


def test_a_failed_create_can_be_left_as_it_is(world):
    """For who asked that nothing be rolled back; the stack's end takes it."""
    world.cloud.broken.add(("create", "B"))

    assert world.deploy({"A": queue(), "B": queue("A")}, roll_back=False) == "CREATE_FAILED"
    assert len(world.cloud.there) == 1

    assert world.delete() == "DELETE_COMPLETE"
    assert not world.cloud.there


def test_what_a_failed_create_left_is_made_anew(world):
    """By the next update, and goes itself."""
    world.cloud.left, world.cloud.there["half"] = Made("half", {}), {}
    world.cloud.broken.add(("create", "A"))
    world.deploy({"A": queue()}, roll_back=False)
    world.cloud.broken.clear()

    assert world.deploy({"A": queue()}) == "UPDATE_COMPLETE"

    assert list(world.cloud.there) == ["A-1"]


def test_what_a_failed_create_left_is_removed(world):
    """When it is rolled back."""
    world.cloud.left, world.cloud.there["half"] = Made("half", {}), {}
    world.cloud.broken.add(("create", "A"))

    assert world.deploy({"A": queue()}) == "ROLLBACK_COMPLETE"
    assert not world.cloud.there


def test_a_failed_update_goes_back_to_what_was_before(world):
    """Changed, replaced, made and removed: each is as it was."""
    before = {
        "Changed": queue(VisibilityTimeout=1),
        "Replaced": queue(QueueName="old"),
        "Removed": queue(),
    }
    world.deploy(before, Outputs={"O": {"Value": {"Ref": "Replaced"}}})
    stood = dict(world.cloud.there)
    after = {
        "Changed": queue(VisibilityTimeout=2),
        "Replaced": queue(QueueName="new"),
        "New": queue(),
        "Wrong": queue("Changed", "Replaced", "New", DelaySeconds=900),
    }

    assert world.deploy(after) == "UPDATE_ROLLBACK_COMPLETE"

    assert world.cloud.there == stood
    assert set(world.record.deployed()) == set(before)
    assert world.statuses("s")[-3:] == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert world.deploy({**before, "Changed": queue(VisibilityTimeout=3)}) == "UPDATE_COMPLETE"


def test_a_change_that_fails_half_way_is_taken_back(world):
    """Though it never succeeded."""
    world.deploy({"A": queue(VisibilityTimeout=1)})

    assert world.deploy({"A": queue(VisibilityTimeout=2, DelaySeconds=900)}) == "UPDATE_ROLLBACK_COMPLETE"

    assert list(world.cloud.there.values()) == [{"VisibilityTimeout": 1}]


def test_what_cannot_be_taken_back_is_told(world):
    """The stack ends in AWS's status for it, and names the resource."""
    world.deploy({"A": queue(VisibilityTimeout=1)})
    world.cloud.broken.add(("update", "A"))

    assert world.deploy({"A": queue(VisibilityTimeout=2)}) == "UPDATE_ROLLBACK_FAILED"
    assert "A cannot update" in world.reasons


def test_independent_resources_are_made_side_by_side(world):
    """Ten that wait for one another all come to be."""
    world.cloud.meeting = threading.Barrier(10)

    assert world.deploy({f"Q{number}": queue() for number in range(10)}) == "CREATE_COMPLETE"


def test_what_still_runs_is_ended_when_another_fails(world):
    """Nobody waits for a service whose stack has failed."""
    seen = []
    world.cloud.meeting = threading.Barrier(2)
    world.cloud.broken.add(("create", "Bad"))
    made = world.cloud.create

    def create(name, kind, desired):
        result = made(name, kind, desired)
        seen.append(world.cloud.cancelled.wait(timeout=20))
        return result

    world.cloud.create = create

    assert world.deploy({"Good": queue(), "Bad": queue()}) == "ROLLBACK_COMPLETE"
    assert seen == [True]


def test_a_parameter_that_changes_a_name_replaces(world):
    """The old one goes when the new one stands; who refers to it follows."""
    resources = {
        "A": queue(QueueName={"Ref": "Name"}),
        "B": queue(RedrivePolicy={"deadLetterTargetArn": {"Ref": "A"}}),
    }
    world.deploy(resources, parameters={"Name": "one"}, Parameters={"Name": {"Type": "String"}})
    world.cloud.did.clear()

    status = world.deploy(resources, parameters={"Name": "two"}, Parameters={"Name": {"Type": "String"}})

    assert status == "UPDATE_COMPLETE"
    assert world.cloud.did == [("create", "A"), ("update", "B"), ("delete", "A")]
    assert {"QueueName": "two"} in world.cloud.there.values()
    assert {"QueueName": "one"} not in world.cloud.there.values()
    listed = world.stack.resource_states["A"]
    assert (listed["ResourceStatus"], listed["PhysicalResourceId"]) == ("UPDATE_COMPLETE", "A-3")


def test_a_named_resource_is_not_replaced_under_its_own_name(world):
    """AWS asks for another name first."""
    world.cloud.must_replace = lambda *_: True
    world.deploy({"A": queue(QueueName="mine", FifoQueue=False)})

    assert world.deploy({"A": queue(QueueName="mine", FifoQueue=True)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("custom-named resource requires replacing. Rename A-1" in reason for reason in world.reasons)


def test_what_stays_the_same_is_not_touched(world):
    """By its values, wherever they come from."""
    world.deploy({"A": queue(VisibilityTimeout=30)})
    world.cloud.did.clear()

    world.deploy({"A": queue(VisibilityTimeout={"Fn::Sub": "30"}), "B": queue()})

    assert world.cloud.did == [("create", "B")]


def test_what_the_template_names_no_longer_goes(world):
    """After all else, and not if it is to be kept."""
    kept = {**queue(), "DeletionPolicy": "Retain"}
    world.deploy({"A": queue(), "B": queue("A"), "Kept": kept})
    world.cloud.did.clear()

    assert world.deploy({"New": queue()}) == "UPDATE_COMPLETE"

    assert world.cloud.did == [("create", "New"), ("delete", "B"), ("delete", "A")]
    assert world.statuses("Kept")[-1] == "DELETE_SKIPPED"
    assert set(world.record.deployed()) == {"New"}


def test_a_delete_that_fails_keeps_what_it_needs(world):
    """It is told, the rest goes, and a second delete takes up where the first stopped."""
    world.deploy({"A": queue(), "B": queue("A"), "C": queue()})
    world.cloud.broken.add(("delete", "B"))

    assert world.delete() == "DELETE_FAILED"
    assert set(world.record.deployed()) == {"A", "B"}
    assert "The following resource(s) failed to delete: [B]. " in world.reasons

    world.cloud.broken.clear()
    assert world.delete() == "DELETE_COMPLETE"
    assert not world.cloud.there


def test_a_resource_can_be_left_behind(world):
    """Named in the second delete, as AWS allows."""
    world.deploy({"A": queue(), "B": queue("A")})
    world.cloud.broken.add(("delete", "B"))
    world.delete()

    assert world.delete(retain=["B"]) == "DELETE_COMPLETE"
    assert list(world.cloud.there) == ["B-2"]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"Colour": "red"}, "#: extraneous key [Colour] is not permitted"),
        ({"Tags": [{"Key": "k", "Worth": 1, "Value": "v"}]}, "#/Tags/0: extraneous key [Worth] is not permitted"),
        ({"Tags": [{"Key": "k"}]}, "#/Tags/0: required key [Value] not found"),
        ({"DelaySeconds": 901}, "#/DelaySeconds: 901 is not less or equal to 900"),
        ({"VisibilityTimeout": "soon"}, "#/VisibilityTimeout: expected type: Integer, found: String"),
    ],
)
def test_properties_that_the_type_does_not_have_fail_it(world, properties, words):
    """In AWS's words; nothing is made."""
    assert world.deploy({"A": queue(**properties)}) == "ROLLBACK_COMPLETE"
    assert any(words in reason for reason in world.reasons)
    assert not world.cloud.did


def test_an_output_that_cannot_be_told_fails_the_stack(world):
    """Its resources go."""
    outputs = {"O": {"Value": {"Fn::Select": [3, ["a"]]}}}

    assert world.deploy({"A": queue()}, Outputs=outputs) == "ROLLBACK_COMPLETE"
    assert not world.cloud.there


def test_outputs_and_exports_are_told(world):
    """Also numbers, as text."""
    outputs = {"O": {"Value": {"Fn::GetAtt": ["A", "Arn"]}, "Export": {"Name": "n"}}, "N": {"Value": 5}}

    world.deploy({"A": queue()}, Outputs=outputs)

    assert {each["OutputKey"]: each["OutputValue"] for each in world.outputs.listed} == {"O": "arn:A", "N": "5"}
    assert world.outputs.exports == {"n": "arn:A"}
