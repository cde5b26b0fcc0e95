"""Whether a replay went as it was recorded."""

from emulator.incidents.verdict import compare
from huntaze_scraper.operations.incident.bundle import AlarmChange, Expected
from tests.unit.incidents.recorded import ending

SPAN = 600.0


def alarm(name: str, at_seconds: float = 60, after: str = "ALARM") -> AlarmChange:
    """An alarm that came, or went."""
    return AlarmChange(at_seconds=at_seconds, alarm=name, before="OK", after=after)


def test_equal_ends_order_attempts_and_alarms_are_reproduced() -> None:
    """Moments may be others."""
    recorded = Expected(jobs=(ending("a"), ending("b", at=20)), order={"acct-1": ("a", "b")}, alarms=(alarm("age"),))
    here = Expected(
        jobs=(ending("a", at=300), ending("b", at=500)), order={"acct-1": ("a", "b")}, alarms=(alarm("age", 180),)
    )

    verdict = compare(recorded, here, SPAN)

    assert verdict.is_reproduced
    assert verdict.as_json["verdict"] == verdict.text == "reproduced"
    assert verdict.as_json["first_difference"] is None


def test_the_first_difference_is_the_earliest_of_the_recording() -> None:
    """Whatever it is about: an end, attempts, the order, an alarm."""
    recorded = Expected(
        jobs=(ending("a", "dead", at=90, attempts=3), ending("b", at=50), ending("c", at=70, attempts=2)),
        order={"acct-1": ("b", "c", "a")},
        alarms=(alarm("dlq", 95),),
    )
    here = Expected(jobs=(ending("a"), ending("b"), ending("c", attempts=1)), order={"acct-1": ("c", "b", "a")})

    verdict = compare(recorded, here, SPAN)

    assert [(it.at_seconds, it.what, it.recorded, it.here) for it in verdict.differences] == [
        (50, "the next job of acct-1 to end", "b", "c"),
        (70, "the attempts of job c", "2", "1"),
        (90, "the end of job a", "dead", "done"),
        (95, "the alarm dlq", "raised", "silent"),
    ]
    assert verdict.text == (
        "not reproduced: first difference at 50 s, the next job of acct-1 to end: recorded b, here c"
    )


def test_of_alike_jobs_it_is_compared_what_came_about_and_not_of_which() -> None:
    """Two of three that were sent together were buried: so they were here, though others."""
    alike = [{"a", "b", "c"}]
    recorded = Expected(
        jobs=(ending("a", "dead", attempts=3), ending("b", "dead", attempts=3), ending("c", attempts=2))
    )
    others = (ending("a", attempts=2), ending("b", "dead", attempts=3), ending("c", "dead", attempts=3))
    fewer = (ending("a", attempts=2), ending("b", "dead", attempts=3), ending("c", attempts=2))

    assert compare(recorded, Expected(jobs=others), SPAN, alike).is_reproduced
    assert not compare(recorded, Expected(jobs=others), SPAN).is_reproduced
    assert not compare(recorded, Expected(jobs=fewer), SPAN, alike).is_reproduced
    assert not compare(recorded, Expected(jobs=others[:2]), SPAN, alike).is_reproduced


def test_a_job_that_had_not_ended_must_not_end_in_the_recorded_time() -> None:
    """What ends after it says nothing about the recording."""
    recorded = Expected(jobs=(ending("a", "open", at=None),))

    assert compare(recorded, Expected(jobs=(ending("a", at=SPAN + 1),)), SPAN).is_reproduced
    assert not compare(recorded, Expected(jobs=(ending("a", at=SPAN - 1),)), SPAN).is_reproduced


def test_many_attempts_are_compared_by_their_size() -> None:
    """The pace of a machine is in them; few are counted exactly."""

    def is_alike(recorded: int, here: int) -> bool:
        pair = (Expected(jobs=(ending("a", attempts=count),)) for count in (recorded, here))
        return compare(*pair, SPAN).is_reproduced

    assert is_alike(101, 95)
    assert not is_alike(101, 80)
    assert not is_alike(3, 2)


def test_a_job_of_which_nothing_came_is_a_difference() -> None:
    """Lost here, or never sent."""
    verdict = compare(Expected(jobs=(ending("a"),)), Expected(), SPAN)

    assert verdict.differences[0].here == "nothing of it"
    assert verdict.as_json["jobs"][0]["here"] is None


def test_alarms_whose_history_was_not_captured_are_not_compared() -> None:
    """What nobody knows is no difference."""
    assert compare(Expected(), Expected(alarms=(alarm("age"),)), SPAN, with_alarms=False).is_reproduced
