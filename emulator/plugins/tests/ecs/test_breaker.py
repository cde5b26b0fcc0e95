"""When a deployment has failed."""

import pytest
from localprocs.ecs.policy.breaker import has_tripped, threshold


@pytest.mark.parametrize(("desired", "expected"), [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (1000, 200)])
def test_half_of_the_desired_count_may_fail_within_3_and_200(desired, expected):
    """The threshold follows AWS's formula."""
    assert threshold(desired) == expected
    assert not has_tripped(expected - 1, desired)
    assert has_tripped(expected, desired)
