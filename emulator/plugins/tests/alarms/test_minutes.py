"""What is due every minute."""

from localprocs.alarms.minutes import Minutes

START = 1_800_000_000 // 60 * 60


class Hand:
    """A clock that is set by hand."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        """Tell the time."""
        return self.now


def minutes_from(now):
    """Make minutes, the clock, and the list of what was called."""
    clock, calls = Hand(now), []
    minutes = Minutes(clock)
    minutes.at_each(lambda minute, last: calls.append(("late", minute - START, last - START)), delay_seconds=5)
    minutes.at_each(lambda minute, last: calls.append(("prompt", minute - START, last - START)))
    return minutes, clock, calls


def test_nothing_is_due_within_the_minute():
    """The first call comes at the first minute's end."""
    minutes, clock, calls = minutes_from(START + 10)
    assert minutes.do_what_is_due() == 50
    clock.now = START + 59.9
    minutes.do_what_is_due()
    assert calls == []


def test_each_duty_is_done_at_its_delay_after_the_minute():
    """The prompt one first, the late one when its seconds are over."""
    minutes, clock, calls = minutes_from(START + 10)
    clock.now = START + 60
    assert minutes.do_what_is_due() == 5
    clock.now = START + 65
    assert minutes.do_what_is_due() == 55
    assert calls == [("prompt", 60, 0), ("late", 60, 0)]


def test_jump_of_twelve_hours_is_one_call():
    """After a jump each duty is called once, for all the minutes between, and goes on from there."""
    minutes, clock, calls = minutes_from(START + 10)
    clock.now = START + 12 * 3600 + 30
    minutes.do_what_is_due()
    clock.now += 60
    minutes.do_what_is_due()
    assert calls == [
        ("prompt", 43_200, 0),
        ("late", 43_200, 0),
        ("prompt", 43_260, 43_200),
        ("late", 43_260, 43_200),
    ]


def test_duty_that_fails_neither_stops_the_others_nor_itself():
    """A failure is logged, and the next minute comes."""
    clock, calls = Hand(START), []

    def fail(minute, last):
        calls.append(minute - START)
        raise RuntimeError(last)

    minutes = Minutes(clock)
    minutes.at_each(fail)
    minutes.at_each(lambda minute, _last: calls.append(-(minute - START)))
    for second in (60, 120):
        clock.now = START + second
        minutes.do_what_is_due()
    assert calls == [60, -60, 120, -120]


def test_duty_can_be_due_oftener_than_each_minute():
    """Every ten seconds, aligned to them."""
    clock, calls = Hand(START + 3), []
    minutes = Minutes(clock)
    minutes.at_each(lambda moment, _last: calls.append(moment - START), every_seconds=10)
    for second in (9, 10, 19, 25, 60):
        clock.now = START + second
        minutes.do_what_is_due()
    assert calls == [10, 20, 60]


def test_nobody_wakes_for_what_is_not_needed():
    """Nor is it made up for when it is."""
    clock, calls, needed = Hand(START), [], []
    minutes = Minutes(clock)
    minutes.at_each(lambda _minute, _last: None)
    minutes.at_each(lambda moment, last: calls.append((moment - START, last - START)), 0, 10, lambda: bool(needed))
    clock.now = START + 35
    assert minutes.do_what_is_due() == 25
    needed.append(True)
    clock.now = START + 60
    assert minutes.do_what_is_due() == 10
    assert calls == [(60, 30)]
