"""What a program off the clock must have rested from, and how long."""

from hypothesis import given
from hypothesis import strategies as st
from localprocs.vclock.work import FRAME_SECONDS, REST_SECONDS, TICK_SECONDS, Pace

TICK = TICK_SECONDS / 3
MOMENT = 0.003


def paced(runs: list[tuple[float, float]]) -> Pace:
    """One that ran at these moments, for so much processor time each."""
    pace = Pace()
    for at, used in runs:
        pace.note(at, used)
    return pace


def test_ticks_hold_time_for_a_frame_each() -> None:
    """Chromium's after a click: every 50 ms."""
    pace = Pace()
    for tick in range(10):
        at = tick * 0.05
        assert pace.has_rested(at - MOMENT)
        pace.note(at, TICK)
        assert not pace.has_rested(at + FRAME_SECONDS - MOMENT)


def test_work_holds_time_for_three_frames_whatever_ticks_meanwhile() -> None:
    """A tick in the midst of the rest does not shorten it."""
    pace = paced([(0, 0.01), (0.03, TICK)])

    assert not pace.has_rested(REST_SECONDS - MOMENT / 2)
    assert pace.has_rested(0.03 + FRAME_SECONDS)


@given(st.lists(st.floats(0.001, FRAME_SECONDS * 0.99), min_size=6, max_size=60))
def test_an_animation_never_rests_and_is_work(gaps: list[float]) -> None:
    """Frames that take next to nothing, each before the last one's frame is over."""
    pace, at = Pace(), 0.0
    for gap in gaps:
        assert not pace.has_rested(at) or pace.ran_at < 0
        pace.note(at, TICK)
        at += gap

    assert pace.worked_at == pace.ran_at
