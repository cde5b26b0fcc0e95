"""One step of a service."""

import pytest
from localprocs.ecs.policy.rollout import Change, Group, bounds, step


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "expected"),
    [(1, 100, 200, (1, 2)), (1, 50, 150, (1, 1)), (4, 50, 200, (2, 8)), (3, 50, 150, (2, 4)), (0, 100, 200, (0, 0))],
)
def test_the_minimum_rounds_up_and_the_maximum_down(desired, minimum, maximum, expected):
    """As ECS rounds them."""
    assert bounds(desired, minimum, maximum) == expected


@pytest.mark.parametrize(
    ("desired", "groups", "expected"),
    [
        (3, [Group(3)], [Change(3, start=3)]),
        (3, [Group(3, ready=3)], [Change(3)]),
        (3, [Group(3, starting=1, ready=1)], [Change(3, start=1)]),
        (1, [Group(1, ready=4)], [Change(1, stop=3)]),
        (1, [Group(1, ready=4, protected=3)], [Change(1, stop=1)]),
        (1, [Group(1, ready=2, protected=2)], [Change(1)]),
        (0, [Group(0, starting=1, ready=1)], [Change(0, stop=2)]),
        # A sick one is replaced first, and goes when its replacement is ready.
        (1, [Group(1, sick=1)], [Change(1, start=1)]),
        (1, [Group(1, starting=1, sick=1)], [Change(1)]),
        (1, [Group(1, ready=1, sick=1)], [Change(1, stop_sick=1)]),
        # Where the maximum has no room for a replacement, the sick ones make it.
        (2, [Group(2, sick=4)], [Change(2, stop_sick=2)]),
    ],
)
def test_a_service_without_a_deployment_under_way_keeps_its_count(desired, groups, expected):
    """Between 100 and 200 percent."""
    assert step(desired, 100, 200, groups) == expected


@pytest.mark.parametrize(
    ("desired", "percents", "groups", "expected"),
    [
        # 100/200: the new ones start beside the old ones, which go as the new ones are ready.
        (2, (100, 200), [Group(2), Group(2, ready=2)], [Change(2, start=2), Change(2)]),
        (2, (100, 200), [Group(2, starting=2), Group(2, ready=2)], [Change(2), Change(2)]),
        (2, (100, 200), [Group(2, starting=1, ready=1), Group(2, ready=2)], [Change(2), Change(1, stop=1)]),
        (2, (100, 200), [Group(2, ready=2), Group(1, ready=1)], [Change(2), Change(0, stop=1)]),
        # 100/150 of 2: one at a time.
        (2, (100, 150), [Group(2), Group(2, ready=2)], [Change(2, start=1), Change(2)]),
        # 0/100: the old one goes first.
        (1, (0, 100), [Group(1), Group(1, ready=1)], [Change(1), Change(0, stop=1)]),
        (1, (0, 100), [Group(1), Group(0)], [Change(1, start=1), Change(0)]),
        # 50/100 of 4: half of the old ones make room.
        (4, (50, 100), [Group(4), Group(4, ready=4)], [Change(4), Change(2, stop=2)]),
        (4, (50, 100), [Group(4), Group(2, ready=2)], [Change(4, start=2), Change(2)]),
        (4, (50, 100), [Group(4, starting=2), Group(2, ready=2)], [Change(4), Change(2)]),
        (4, (50, 100), [Group(4, ready=2), Group(2, ready=2)], [Change(4), Change(0, stop=2)]),
        # A protected old task stays, and the new ones come beside it.
        (1, (100, 200), [Group(1, ready=1), Group(1, ready=1, protected=1)], [Change(1), Change(0)]),
        # An old task that is lost while the new one is not ready is replaced by its own kind.
        (1, (100, 200), [Group(1, starting=1), Group(1)], [Change(1), Change(1, start=1)]),
        # Old tasks that are not ready go without regard to the minimum.
        (2, (100, 100), [Group(2), Group(2, starting=2)], [Change(2), Change(0, stop=2)]),
        # Of two that go out, the oldest goes first.
        (
            2,
            (100, 300),
            [Group(2, ready=1, starting=1), Group(1, ready=1), Group(2, ready=2)],
            [Change(2), Change(0, stop=1), Change(1, stop=1)],
        ),
    ],
)
def test_a_rolling_deployment_stays_within_its_percents(desired, percents, groups, expected):
    """Old and new tasks together hold the minimum and never pass the maximum."""
    assert step(desired, *percents, groups) == expected


PERCENTS = [(100, 200), (100, 150), (50, 100), (50, 150), (0, 100), (100, 125), (75, 110)]
WITH_ROOM = [
    (desired, percents)
    for desired in (1, 2, 4, 7, 10)
    for percents in PERCENTS
    if len(set(bounds(desired, *percents))) > 1
]


@pytest.mark.parametrize(("desired", "percents"), WITH_ROOM)
def test_every_rolling_deployment_comes_to_its_end(desired, percents):
    """Whatever the percents, if they leave room for a step: old tasks are replaced, and the bounds hold at each one."""
    lower, upper = bounds(desired, *percents)
    new, old = Group(desired), Group(desired, ready=desired)
    for _ in range(100):
        changes = step(desired, *percents, [new, old])
        new = Group(desired, new.starting + changes[0].start, new.ready - changes[0].stop)
        old = Group(changes[1].target, old.starting + changes[1].start, old.ready - changes[1].stop)
        assert lower <= new.ready + old.ready
        assert new.total + old.total <= upper
        new = Group(desired, 0, new.ready + new.starting)
        if old.total == 0 and new.ready == desired:
            return
    pytest.fail("the deployment did not end")
