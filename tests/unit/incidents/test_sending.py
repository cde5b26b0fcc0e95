"""Jobs go in the order that the recording tells, where the queue's own was chance."""

from dataclasses import replace
from typing import Any

from emulator.incidents.sending import CLOSE_SECONDS, alike, in_order
from huntaze_scraper.operations.incident.bundle import Line, SentJob


def job(name: str, at: float, account: str = "acct-1", queue: str = "ingress") -> SentJob:
    """A message as it was sent."""
    return SentJob(
        at_seconds=at,
        queue=queue,  # type: ignore[arg-type] # one of its words
        message_id=f"m-{name}",
        job_id=name,
        account=account,
        action="send_message",
        body={},
    )


def forwarded(name: str, at: float) -> Line:
    """The limiter's word that a job went."""
    return Line(at_seconds=at, source="limiter", fields={"job_id": name, "forwarding": "forwarded"})


def test_what_was_sent_together_goes_in_the_order_in_which_it_was_forwarded() -> None:
    """The moments stay, and so does whatever else was sent then."""
    jobs = [job("a", 1.0), job("b", 1.1), job("other", 1.2, "acct-2"), job("letter", 1.3, queue="ingress_dlq")]

    found = in_order(jobs, [forwarded("b", 2), forwarded("a", 3), forwarded("other", 1.5)])

    assert [(it.job_id, it.at_seconds) for it in found] == [("b", 1.0), ("a", 1.1), ("other", 1.2)]


def test_what_was_sent_later_goes_later_whatever_was_forwarded_first() -> None:
    """An order that was promised is no chance: to break it is what is looked for."""
    jobs = [job("a", 1.0), job("b", 1.1 + CLOSE_SECONDS)]

    assert [it.job_id for it in in_order(jobs, [forwarded("b", 5), forwarded("a", 9)])] == ["a", "b"]


def test_what_was_never_forwarded_goes_last_of_its_moment() -> None:
    """Nothing tells that it came sooner."""
    assert [it.job_id for it in in_order([job("a", 1.0), job("b", 1.1)], [forwarded("b", 5)])] == ["b", "a"]


def test_jobs_are_alike_that_were_sent_together_and_ask_for_the_same() -> None:
    """Whosever they are; not what came later, nor another action, nor a dead letter."""
    jobs = [
        job("a", 1.0),
        job("b", 1.5, "acct-2"),
        job("late", 1.6 + CLOSE_SECONDS),
        job("dead", 1.0, queue="ingress_dlq"),
    ]
    other = replace(job("read", 1.2), action="get_messages")

    assert alike([*jobs, other], []) == [{"a", "b"}, {"late"}, {"read"}]


def test_a_stream_of_jobs_is_not_all_alike() -> None:
    """The first and the last of it were not sent together, however close each was to its next."""
    stream = [job(f"{number}", number * CLOSE_SECONDS * 0.6) for number in range(4)]

    assert alike(stream, []) == [{"0", "1"}, {"2", "3"}]


def test_whoever_was_answered_for_itself_is_like_nobody_else() -> None:
    """The same answers meet the same account here: that another one's job died is no chance."""
    jobs = [job("a", 1.0), job("b", 1.1, "acct-2"), job("c", 1.2, "acct-3")]
    of_one: dict[str, Any] = {"match": {"account": "acct-2", "method": "POST", "nth": [1]}, "fault": {}}
    of_all: dict[str, Any] = {"match": {"after": 1.0, "before": 9.0}, "fault": {}}

    assert alike(jobs, [of_one, of_all]) == [{"a", "c"}]
