"""What a task was at when it died."""

from emulator.incidents.work import at_work
from huntaze_scraper.operations.incident.bundle import Line


def line(at: float, event: str, job_id: str | None) -> Line:
    """A line of the scraper."""
    return Line(at_seconds=at, source="scraper", fields={"event": event, "job_id": job_id})


def test_a_job_is_at_work_from_its_attempt_until_its_end() -> None:
    """Each time that it is taken up; lines of no job, and later ones, tell nothing of it."""
    lines = [
        line(1, "attempt_begins", "a"),
        line(2, "attempt_begins", "b"),
        line(3, "job_ended", "a"),
        line(4, "worker_stopping", None),
        line(9, "attempt_begins", "a"),
    ]

    assert [at_work(lines, at) for at in (1.5, 2.5, 5, 10)] == [{"a"}, {"a", "b"}, {"b"}, {"a", "b"}]
