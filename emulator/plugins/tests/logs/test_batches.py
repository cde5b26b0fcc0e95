"""PutLogEvents takes what AWS takes."""

import pytest
from localprocs.logs.batches import LONGEST_LINE_BYTES, MOST_BYTES, OVERHEAD_BYTES, InvalidBatch, fitting, sort

NOW = 1_800_000_000
HOUR = 3600


def events(*ages_seconds: float, message: str = "x") -> list[dict[str, object]]:
    """Make events of these ages."""
    return [{"timestamp": int((NOW - age) * 1000), "message": message} for age in ages_seconds]


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (events(0, 1), "chronological order"),
        (events(25 * HOUR, 0), "24 hours"),
        (events(*[0] * 10_001), "less than or equal to 10000"),
        (events(0, message="x" * (MOST_BYTES - OVERHEAD_BYTES + 1)), "Upload too large: 1048577 bytes"),
        (events(0, message="é" * (MOST_BYTES // 2)), "Upload too large"),
    ],
)
def test_a_batch_that_aws_refuses_is_refused(batch: list[dict[str, object]], said: str) -> None:
    """Whole, in AWS's words."""
    with pytest.raises(InvalidBatch, match=said):
        sort(batch, None, NOW)


def test_the_largest_batch_is_taken() -> None:
    """To the byte."""
    batch = events(0, message="x" * (MOST_BYTES - OVERHEAD_BYTES))
    assert sort(batch, None, NOW).kept == batch


@pytest.mark.parametrize(
    ("ages", "retention_days", "kept", "rejected"),
    [
        ((HOUR, 0), None, slice(0, 2), {}),
        ((337 * HOUR, 335 * HOUR), None, slice(1, 2), {"tooOldLogEventEndIndex": 1}),
        ((30 * HOUR, 20 * HOUR), 1, slice(1, 2), {"expiredLogEventEndIndex": 1}),
        ((0, -1 * HOUR, -3 * HOUR, -4 * HOUR), None, slice(0, 2), {"tooNewLogEventStartIndex": 2}),
    ],
)
def test_events_too_old_or_too_new_are_left_out(
    ages: tuple[int, ...], retention_days: int | None, kept: slice, rejected: dict[str, int]
) -> None:
    """And the answer says which: two weeks, the group's retention, two hours ahead."""
    batch = events(*ages)
    found = sort(batch, retention_days, NOW)
    assert (list(found.kept), dict(found.rejected)) == (batch[kept], rejected)


def test_whatever_is_shipped_is_taken_and_nothing_is_lost() -> None:
    """Lines of ten megabytes, many lines, and days between them: each batch is one that AWS takes."""
    long = "é" * 5_000_000
    shipped = [*events(*[48 * HOUR] * 12_000), *events(1, message=long), *events(0)]
    batches = list(fitting(shipped))
    for batch in batches:
        sort(batch, None, NOW)
        assert all(len(str(event["message"]).encode()) <= LONGEST_LINE_BYTES for event in batch)
    assert "".join(event["message"] for batch in batches for event in batch) == "x" * 12_000 + long + "x"
