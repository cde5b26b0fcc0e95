"""Providers, asked until they are done."""

from types import SimpleNamespace
from typing import ClassVar

import pytest
from localprocs.cloudformation.engine import handlers
from localprocs.cloudformation.engine.handlers import Made, ProviderHandlers, ResourceFailed
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider

KIND = "AWS::SQS::Queue"


class Slow(ResourceProvider):
    """Takes a few looks, then is there; or does what it is told."""

    SCHEMA: ClassVar = {
        "typeName": KIND,
        "primaryIdentifier": ["/properties/Id"],
        "createOnlyProperties": ["/properties/Kind"],
    }

    def __init__(self, looks=2, fails="", delete_says=None):
        self.looks, self.fails, self.delete_says = looks, fails, delete_says

    def create(self, request):
        looks = request.custom_context.get("looks", 0)
        model = {**request.desired_state, "Id": "id-1"}
        if looks < self.looks:
            return ProgressEvent(OperationStatus.IN_PROGRESS, resource_model=model, custom_context={"looks": looks + 1})
        if self.fails:
            return ProgressEvent(OperationStatus.FAILED, resource_model=model, message=self.fails)
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=model)

    def delete(self, _request):
        if self.delete_says:
            raise self.delete_says
        return ProgressEvent(OperationStatus.SUCCESS, resource_model={})


def of(provider):
    """Return handlers that know one provider."""
    return ProviderHandlers("stack", "stack-id", "000000000000", "us-east-1", lambda _: provider)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(handlers, "PAUSE_SECONDS", 0.0)


def test_it_is_asked_until_the_resource_is_there():
    """What Ref returns is read from what the provider made."""
    assert of(Slow()).create("A", KIND, {"x": 1}) == Made("id-1", {"x": 1, "Id": "id-1"})


def test_what_a_failure_leaves_is_known():
    """So that it can be removed."""
    with pytest.raises(ResourceFailed, match="no luck") as caught:
        of(Slow(fails="no luck")).create("A", KIND, {})

    assert caught.value.left == Made("id-1", {"Id": "id-1"})


def test_a_step_has_its_time(monkeypatch):
    """And fails when it is over."""
    monkeypatch.setattr(handlers, "RESOURCE_SECONDS", 0.0)
    elapsed = iter(range(100))
    monkeypatch.setattr(handlers, "real_time", SimpleNamespace(elapsed=lambda: next(elapsed)))

    with pytest.raises(ResourceFailed, match="was not done in 0 seconds"):
        of(Slow(looks=99)).create("A", KIND, {})


def test_what_is_being_made_can_be_cancelled():
    """With what there is of it."""
    under_way = of(Slow(looks=10**9))
    under_way.cancel()

    with pytest.raises(ResourceFailed, match="Resource creation cancelled") as caught:
        under_way.create("A", KIND, {})

    assert caught.value.left


def test_a_type_that_cannot_be_changed_in_place_says_so():
    """And where the list stands; nothing was done that would have to be undone."""
    before = Made("id-1", {"Id": "id-1"})

    with pytest.raises(ResourceFailed, match=r"cannot be changed in place.*docs/emulator-types\.md") as caught:
        of(Slow()).update("A", KIND, {}, before)

    assert caught.value.left is before


def test_what_is_gone_already_is_removed():
    """As on AWS; any other refusal fails the delete."""
    made = Made("id-1", {"Id": "id-1"})
    of(Slow(delete_says=ValueError("QueueDoesNotExist: it does not exist"))).delete("A", KIND, made)

    with pytest.raises(ResourceFailed, match="not empty"):
        of(Slow(delete_says=ValueError("it is not empty"))).delete("A", KIND, made)


def test_a_property_that_only_a_new_resource_takes_replaces():
    """By AWS's schema, and by the provider's."""
    assert of(Slow()).must_replace(KIND, {"QueueName": "a"}, {"QueueName": "b"})
    assert of(Slow()).must_replace(KIND, {"Kind": "a"}, {"Kind": "b"})
    assert not of(Slow()).must_replace(KIND, {"DelaySeconds": 1}, {"DelaySeconds": 2})
