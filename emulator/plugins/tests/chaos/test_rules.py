"""Rules of faults befall the calls that they mean, and no other."""

from typing import Any

import pytest
from localprocs.chaos.rules import Call, Effect, Failure, InvalidRule, Rules

ROLE = "arn:aws:iam::1:role/worker"
SEND = Call("sqs", "SendMessage", "us-east-1", ROLE)


def effects(rule: dict[str, Any], *calls: Call, seed: int = 0) -> list[Effect]:
    """Return what befalls calls under one rule."""
    rules = Rules()
    rules.set([rule], seed)
    return [rules.effect(call) for call in calls]


@pytest.mark.parametrize(
    ("rule", "is_met"),
    [
        ({}, True),
        ({"service": "sqs"}, True),
        ({"service": "s3"}, False),
        ({"service": "sqs", "operation": "SendMessage"}, True),
        ({"service": "sqs", "operation": "Send*"}, True),
        ({"service": "sqs", "operation": "ReceiveMessage"}, False),
        ({"region": "us-east-1"}, True),
        ({"region": "eu-west-1"}, False),
        ({"role": "*/worker"}, True),
        ({"role": "*/other"}, False),
        ({"probability": 0.0}, False),
        ({"callers": "all"}, True),
    ],
)
def test_a_rule_means_what_its_fields_name(rule: dict[str, Any], is_met: bool) -> None:
    """And anything in what it does not name."""
    (effect,) = effects(rule, SEND)
    assert (effect.failure is not None) == is_met


def test_callers_without_a_role_are_left_alone_unless_a_rule_means_all() -> None:
    """The harness and tests go on working."""
    administrator = Call("sqs", "SendMessage", "us-east-1")
    assert effects({}, administrator) == [Effect()]
    assert effects({"callers": "all"}, administrator)[0].failure


@pytest.mark.parametrize(
    ("rule", "failure"),
    [
        ({}, Failure(503, "ServiceUnavailable")),
        ({"error": {"statusCode": 500, "code": "InternalError"}}, Failure(500, "InternalError")),
        ({"error": {"code": "Mine", "message": "text"}}, Failure(503, "Mine", "text")),
        ({"throttle": True}, Failure(403, "RequestThrottled", "Rate exceeded")),
    ],
)
def test_the_error_is_the_one_that_was_asked_for(rule: dict[str, Any], failure: Failure) -> None:
    """503 where none was, and a service's own for a throttle."""
    assert effects(rule, SEND)[0].failure == failure


def test_the_nth_calls_and_a_number_of_times() -> None:
    """Counted by the calls that the rule matches."""
    other = Call("s3", "GetObject", "us-east-1", ROLE)
    calls = [SEND, other, SEND, SEND, SEND]
    assert [bool(it.failure) for it in effects({"service": "sqs", "nth": [2, 4]}, *calls)] == [0, 0, 1, 0, 1]
    assert [bool(it.failure) for it in effects({"service": "sqs", "times": 2}, *calls)] == [1, 0, 1, 0, 0]


def test_chance_is_drawn_from_the_seed() -> None:
    """The same seed, the same calls; another seed, others; about as many as the probability says."""

    def failed(seed: int) -> list[bool]:
        return [bool(it.failure) for it in effects({"probability": 0.3}, *[SEND] * 1000, seed=seed)]

    assert failed(1) == failed(1) != failed(2)
    assert 200 < sum(failed(1)) < 400


def test_latency_and_loss_let_the_call_be_done() -> None:
    """Latencies of several rules add up."""
    rules = Rules()
    rules.set([{"latency": 1500}, {"latency": 500, "lost": True}, {"latency": 1, "error": {}}])
    assert rules.effect(SEND) == Effect(2.001, Failure(), is_lost=True)
    assert effects({"latency": 250}, SEND) == [Effect(0.25)]


def test_rules_can_be_added_listed_and_removed() -> None:
    """As they were given, with how many calls they met."""
    rules = Rules()
    rules.set([{"service": "sqs"}])
    rules.add([{"service": "s3"}])
    rules.effect(SEND)
    assert rules.listed() == [{"service": "sqs", "met": 1}, {"service": "s3", "met": 0}]
    rules.remove([{"service": "sqs"}])
    assert [rule["service"] for rule in rules.listed()] == ["s3"]


@pytest.mark.parametrize(
    "rule",
    [
        [],
        {"servise": "sqs"},
        {"service": 1},
        {"probability": 1.5},
        {"probability": True},
        {"latency": -1},
        {"nth": [0]},
        {"callers": "some"},
        {"error": {"statusCode": 200}},
    ],
)
def test_what_is_no_rule_is_refused(rule: Any) -> None:
    """And nothing is changed."""
    rules = Rules()
    rules.set([{"service": "s3"}])
    with pytest.raises(InvalidRule):
        rules.set([{}, rule])
    assert [it["service"] for it in rules.listed()] == ["s3"]
