"""Which capacity provider the next task goes to, and which task goes."""

import pytest
from localprocs.ecs.policy.placement import Candidate, Share, next_provider, to_stop

PLAN = [Share("FARGATE_SPOT", weight=4), Share("FARGATE", weight=1, base=1)]


def placed(strategy, number):
    """The providers of so many tasks, in order."""
    counts = {}
    order = []
    for _ in range(number):
        provider = next_provider(strategy, counts)
        counts[provider] = counts.get(provider, 0) + 1
        order.append(provider)
    return order


@pytest.mark.requirement("6.1")
@pytest.mark.parametrize(
    ("strategy", "number", "expected"),
    [
        (PLAN, 1, {"FARGATE": 1}),
        (PLAN, 2, {"FARGATE": 1, "FARGATE_SPOT": 1}),
        (PLAN, 5, {"FARGATE": 1, "FARGATE_SPOT": 4}),
        (PLAN, 6, {"FARGATE": 2, "FARGATE_SPOT": 4}),
        (PLAN, 10, {"FARGATE": 2, "FARGATE_SPOT": 8}),
        (PLAN, 11, {"FARGATE": 3, "FARGATE_SPOT": 8}),
        ([Share("FARGATE", 1), Share("FARGATE_SPOT", 1)], 4, {"FARGATE": 2, "FARGATE_SPOT": 2}),
        ([Share("FARGATE", 1, base=3), Share("FARGATE_SPOT", 1)], 3, {"FARGATE": 3}),
        ([Share("FARGATE", 0, base=2), Share("FARGATE_SPOT", 1)], 5, {"FARGATE": 2, "FARGATE_SPOT": 3}),
        ([Share("FARGATE_SPOT", 0)], 2, {"FARGATE_SPOT": 2}),
    ],
)
def test_tasks_fill_the_base_and_then_follow_the_weights(strategy, number, expected):
    """The base comes first; the rest are spread in proportion to the weights."""
    order = placed(strategy, number)

    assert {provider: order.count(provider) for provider in set(order)} == expected


def test_without_a_strategy_there_is_no_provider():
    """A task with a launch type has no capacity provider."""
    assert next_provider([], {}) is None


def task(key, provider="FARGATE_SPOT", sequence=0, **more):
    """A task that could be stopped."""
    return Candidate(key, provider, sequence, **more)


@pytest.mark.parametrize(
    ("candidates", "number", "expected"),
    [
        ([task("a", sequence=1), task("b", sequence=2)], 1, ["b"]),
        ([task("base", "FARGATE", 9), task("spot", sequence=1)], 1, ["spot"]),
        ([task("base", "FARGATE", 9), task("spot", sequence=1)], 2, ["spot", "base"]),
        ([task("a", sequence=1, is_protected=True), task("b", sequence=2)], 2, ["b"]),
        ([task("a", sequence=1, is_healthy=False), task("b", sequence=2)], 1, ["a"]),
        ([task("a", sequence=1, is_running=False), task("b", sequence=2)], 1, ["a"]),
        ([task("a", sequence=1)], 0, []),
        (
            [task("f1", "FARGATE", 1), task("f2", "FARGATE", 2), *(task(f"s{n}", sequence=3 + n) for n in range(4))],
            1,
            ["f2"],
        ),
    ],
)
def test_scale_in_spares_the_protected_and_the_base_and_takes_the_youngest(candidates, number, expected):
    """Sick and unstarted ones go first, then the youngest of the provider furthest above its share."""
    assert to_stop(candidates, number, PLAN) == expected


def test_scale_in_undoes_what_scale_out_did():
    """From ten tasks to one, every step leaves the split that the same number of starts makes."""
    order = placed(PLAN, 10)
    left = [task(str(index), provider, index) for index, provider in enumerate(order)]
    while len(left) > 1:
        gone = to_stop(left, 1, PLAN)
        left = [each for each in left if each.key not in gone]
        expected = placed(PLAN, len(left))
        assert sorted(each.provider for each in left) == sorted(expected)
