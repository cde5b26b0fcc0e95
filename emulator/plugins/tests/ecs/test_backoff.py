"""How long a service waits before it starts a task again."""

import pytest
from localprocs.ecs.policy.backoff import delay_seconds, is_throttled


@pytest.mark.parametrize(
    ("failed_starts", "short_lives", "expected"),
    [
        (0, 0, 0),
        (1, 0, 10),
        (2, 0, 20),
        (5, 0, 160),
        (8, 0, 1280),
        (9, 0, 1620),
        (60, 0, 1620),
        (0, 1, 0),
        (0, 2, 1),
        (0, 3, 2),
        (0, 8, 60),
        (0, 500, 60),
        (2, 9, 60),
        (3, 2, 40),
    ],
)
def test_the_wait_doubles_with_each_failure_in_a_row(failed_starts, short_lives, expected):
    """Failed starts up to 27 minutes, short lives up to a minute, and the longer of the two counts."""
    assert delay_seconds(failed_starts, short_lives) == expected


def test_three_failed_starts_in_a_row_are_throttled():
    """The service says so from the third on."""
    assert [is_throttled(number) for number in range(5)] == [False, False, False, True, True]
