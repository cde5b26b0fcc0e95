"""Times as operators write them."""

from datetime import UTC, datetime, timedelta

import pytest

from huntaze_scraper.operations import moments
from huntaze_scraper.operations.errors import TellOperator

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("5m", NOW - timedelta(minutes=5)),
        ("12h", NOW - timedelta(hours=12)),
        ("3d", NOW - timedelta(days=3)),
        ("2026-03-01T12:00:00Z", NOW),
        ("2026-03-01T13:00:00+01:00", NOW),
        ("2026-03-01T12:00", NOW),
    ],
)
def test_a_moment_is_read(text: str, moment: datetime) -> None:
    """How long ago, or ISO 8601; UTC where no zone is told."""
    assert moments.parse(text, NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "5", "5w", "-5m", "9999999d", "9" * 5000 + "s"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """One line that says what would do."""
    with pytest.raises(TellOperator, match="90m"):
        moments.parse(text, NOW)
