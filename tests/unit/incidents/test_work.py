"""What a task was at when it died."""

from emulator.incidents.work import HELD_SECONDS, at_work, done, held_back
from huntaze_scraper.operations.incident.bundle import Line, SentJob


def line(at: float, event: str, job_id: str | None, **more: object) -> Line:
    """A line of the scraper."""
    return Line(at_seconds=at, source="scraper", fields={"event": event, "job_id": job_id, **more})


def job(name: str, at: float) -> SentJob:
    """A message as it was sent."""
    return SentJob(
        at_seconds=at, queue="ingress", message_id=name, job_id=name, account="acct-1", action="send_message", body={}
    )


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


def test_a_job_is_done_whose_last_turn_ended_for_good() -> None:
    """One that comes back is not."""
    lines = [
        line(1, "job_ended", "a", comes_back_seconds=None),
        line(2, "job_ended", "b", comes_back_seconds=30.0),
        line(5, "job_ended", "b", comes_back_seconds=None),
    ]

    assert [done(lines, at) for at in (0.5, 3, 6)] == [set(), {"a"}, {"a", "b"}]


def test_a_job_that_no_task_had_begun_when_one_died_is_sent_after_that() -> None:
    """A limiter that is faster here would give it to the task that is to die; in the order of the recording."""
    lines = [
        line(11, "attempt_begins", "begun"),
        line(14, "attempt_begins", "soon"),
        line(15, "attempt_begins", "next"),
    ]
    jobs = [job("begun", 10.0), job("soon", 10.5), job("next", 11.0), job("later", 13.0)]

    found = held_back(jobs, [12.0], lines)

    assert [(it.job_id, it.at_seconds > 12) for it in found] == [
        ("begun", False),
        ("soon", True),
        ("next", True),
        ("later", True),
    ]
    assert all(12 <= it.at_seconds < 12.1 for it in found[1:3])


def test_a_job_that_had_long_waited_when_a_task_died_waits_here() -> None:
    """It was sent when it was sent: what it waits for is in the recording, and no chance."""
    jobs = [job("waits", 20.0 - HELD_SECONDS - 1)]

    assert held_back(jobs, [20.0], []) == jobs


def test_a_job_is_held_back_beyond_each_death_that_came_before_its_beginning() -> None:
    """Two tasks in a row died without it."""
    lines = [line(16, "attempt_begins", "a")]

    assert 14 < held_back([job("a", 10.0)], [12.0, 14.0], lines)[0].at_seconds < 14.1
