"""How many tasks follow from metric, bounds and past."""

import pytest
from localprocs.autoscaling.decisions import (
    Capacity,
    Past,
    Reason,
    Scale,
    Scaling,
    Stay,
    Step,
    Stepping,
    Tracking,
    step,
    track_in,
    track_out,
)

NOW = 100_000
TRACKING = Tracking(target=100.0, scale_out_cooldown=60, scale_in_cooldown=300)
NEVER = Past()


def tasks(current, minimum=1, maximum=10):
    """Make a capacity."""
    return Capacity(current, minimum, maximum)


@pytest.mark.requirement("3.1")
@pytest.mark.requirement("3.2")
@pytest.mark.parametrize(
    ("current", "value", "expected"),
    [
        (1, 101, Scale(2)),
        (1, 150, Scale(2)),
        (1, 200, Scale(2)),
        (1, 201, Scale(3)),
        (1, 500, Scale(5)),
        (2, 150, Scale(3)),
        (3, 101, Scale(4)),
        (1, 5000, Scale(10)),
        (9, 150, Scale(10)),
        (10, 500, Stay(Reason.AT_MAXIMUM)),
        (2, 100, Stay(Reason.AT_DESIRED)),
        (3, 100.00000000000001, Stay(Reason.AT_DESIRED)),
        (1, None, Stay(Reason.NO_DATA)),
    ],
)
def test_scale_out_is_in_proportion_and_rounds_up(current, value, expected):
    """So many tasks that the metric would come down to the target, at most the maximum."""
    assert track_out(TRACKING, tasks(current), value, NEVER, NOW) == expected


@pytest.mark.requirement("3.3")
@pytest.mark.parametrize(
    ("current", "value", "expected"),
    [
        (10, 0, Scale(9)),
        (2, 0, Scale(1)),
        (1, 0, Stay(Reason.AT_MINIMUM)),
        (3, 80, Stay(Reason.AT_DESIRED)),
        (3, 60, Scale(2)),
        (40, 0, Scale(36)),
        (40, 89, Scale(36)),
        (2, None, Stay(Reason.NO_DATA)),
    ],
)
def test_scale_in_is_gentle_and_rounds_up(current, value, expected):
    """A tenth of the tasks at most, one at least, and never fewer than the metric still needs or the minimum."""
    assert track_in(TRACKING, tasks(current, maximum=50), value, NEVER, NOW) == expected


@pytest.mark.parametrize(
    ("seconds_ago", "value", "expected"),
    [
        # 2 tasks became 4 when the metric was at 200; while it cools down the metric still speaks of 2.
        (30, 200, Stay(Reason.COOLDOWN)),
        (30, 150, Stay(Reason.COOLDOWN)),
        (30, 300, Scale(6)),
        (59, 201, Scale(5)),
        (60, 150, Scale(6)),
        (30, 2000, Scale(10)),
    ],
)
def test_capacity_added_counts_while_the_scale_out_cools_down(seconds_ago, value, expected):
    """Within the cooldown only a larger scale-out is done, and what was added is part of it."""
    past = Past(out=Scaling(NOW - seconds_ago, 2, 4))
    assert track_out(TRACKING, tasks(4), value, past, NOW) == expected


def test_scale_out_does_not_wait_for_a_scale_in_to_cool_down():
    """Load that comes back is answered at once."""
    past = Past(inward=Scaling(NOW - 10, 3, 2))
    assert track_out(TRACKING, tasks(2), 200, past, NOW) == Scale(4)


@pytest.mark.parametrize(("seconds_ago", "expected"), [(299, Stay(Reason.COOLDOWN)), (300, Scale(4))])
def test_scale_in_waits_for_the_last_one_to_cool_down(seconds_ago, expected):
    """One scale-in a cooldown, to the second."""
    past = Past(inward=Scaling(NOW - seconds_ago, 6, 5))
    assert track_in(TRACKING, tasks(5), 0, past, NOW) == expected


def test_scale_out_ends_the_cooldown_of_a_scale_in():
    """The cooldown of a scale-in before it does not go on."""
    past = Past(out=Scaling(NOW - 50, 2, 6), inward=Scaling(NOW - 100, 3, 2))
    assert track_in(TRACKING, tasks(6), 0, past, NOW) == Scale(5)


def test_disabled_scale_in_does_nothing():
    """A policy may only scale out."""
    policy = Tracking(100.0, 60, 300, is_scale_in_disabled=True)
    assert track_in(policy, tasks(5), 0, NEVER, NOW) == Stay(Reason.DISABLED)


def test_capacity_that_someone_else_lowered_is_the_base_again():
    """A hand that changed the count after the scale-out is believed."""
    past = Past(out=Scaling(NOW - 10, 2, 8))
    assert track_out(TRACKING, tasks(1), 200, past, NOW) == Scale(2)


OUT = (Step(1, 0, 10), Step(3, 10, 20), Step(5, 20, None))
IN = (Step(0, -10, 0), Step(-1, -20, -10), Step(-3, None, -20))


@pytest.mark.parametrize(
    ("steps", "distance", "expected"),
    [
        (OUT, 0, Scale(6)),
        (OUT, 9.9, Scale(6)),
        (OUT, 10, Scale(8)),
        (OUT, 20, Scale(10)),
        (OUT, 999, Scale(10)),
        (IN, -5, Stay(Reason.AT_DESIRED)),
        (IN, -9.9, Stay(Reason.AT_DESIRED)),
        (IN, -10, Scale(4)),
        (IN, -19.9, Scale(4)),
        (IN, -20, Scale(2)),
        (OUT, -1, Stay(Reason.NO_STEP)),
        (OUT, None, Stay(Reason.NO_DATA)),
    ],
)
def test_step_is_chosen_by_the_distance_from_the_threshold(steps, distance, expected):
    """Above the threshold a step's lower end belongs to it, below it its upper end."""
    policy = Stepping("ChangeInCapacity", steps, cooldown=300)
    assert step(policy, tasks(5), distance, NEVER, NOW) == expected


@pytest.mark.parametrize(
    ("kind", "adjustment", "current", "magnitude", "expected"),
    [
        ("ExactCapacity", 7, 5, 0, Scale(7)),
        ("ExactCapacity", 3, 5, 0, Scale(3)),
        ("ChangeInCapacity", -9, 5, 0, Scale(1)),
        ("PercentChangeInCapacity", 10, 20, 0, Scale(22)),
        ("PercentChangeInCapacity", 30, 11, 0, Scale(14)),
        ("PercentChangeInCapacity", 10, 5, 0, Scale(6)),
        ("PercentChangeInCapacity", -10, 14, 0, Scale(13)),
        ("PercentChangeInCapacity", -30, 13, 0, Scale(10)),
        ("PercentChangeInCapacity", -10, 5, 0, Scale(4)),
        ("PercentChangeInCapacity", 25, 4, 2, Scale(6)),
    ],
)
def test_adjustment_is_rounded_as_documented(kind, adjustment, current, magnitude, expected):
    """Shares are cut toward zero, but never to nothing."""
    policy = Stepping(kind, [Step(adjustment, 0, None)], cooldown=300, minimum_magnitude=magnitude)
    assert step(policy, tasks(current, maximum=50), 1, NEVER, NOW) == expected


def test_larger_step_within_the_cooldown_adds_only_the_difference():
    """AWS's example: after 2 were added a step of 3 adds 1."""
    policy = Stepping("ChangeInCapacity", [Step(3, 0, None)], cooldown=300)
    assert step(policy, tasks(7), 1, Past(out=Scaling(NOW - 60, 5, 7)), NOW) == Scale(8)
