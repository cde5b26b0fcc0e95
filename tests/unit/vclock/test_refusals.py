"""What the clock refuses, and that it says what it would take."""

import math
import threading
from collections.abc import Callable
from typing import Any

import pytest
from localprocs.vclock import LONGEST_JUMP_SECONDS, SPEED_RANGE, Clock, ClockRefused, ClockUnavailable, open_clock
from localprocs.vclock.build import compiler
from localprocs.vclock.clock import LATEST_SECONDS

WRONG_SPEEDS: list[Any] = [0, -1, -0.0, math.nan, math.inf, -math.inf, 1001, 1e300, 0.09, "20", None, True, [20]]


@pytest.mark.parametrize("speed", WRONG_SPEEDS)
def test_a_wrong_speed_is_refused_with_the_range(make_clock: Callable[[float], Clock], speed: Any) -> None:
    """Zero, negative, absurd or no number at all: neither a new clock nor a running one takes it."""
    clock = make_clock(1)
    for refuse in (make_clock, clock.set_speed):
        with pytest.raises(ClockRefused, match=r"from 0\.1 to 1000 times the wall clock"):
            refuse(speed)
    assert clock.state().speed == 1


@pytest.mark.parametrize("seconds", [-1, -1e-9, math.nan, math.inf, LONGEST_JUMP_SECONDS + 1, "60", None, False])
def test_a_wrong_jump_is_refused(make_clock: Callable[[float], Clock], seconds: Any) -> None:
    """Time never goes back, nor further ahead than the longest jump."""
    clock = make_clock(1)
    with pytest.raises(ClockRefused, match=r"from 0 to 315360000 seconds ahead \(time never goes back\)"):
        clock.jump(seconds)


def test_no_jump_leads_past_the_last_year(make_clock: Callable[[float], Clock]) -> None:
    """Many long jumps end before dates no longer fit, with a refusal."""
    clock = make_clock(1)
    while clock.now() + LONGEST_JUMP_SECONDS < LATEST_SECONDS:
        clock.jump(LONGEST_JUMP_SECONDS)
    with pytest.raises(ClockRefused, match="before the year 2200"):
        clock.jump(LONGEST_JUMP_SECONDS)


def test_of_two_changes_at_once_one_is_refused(make_clock: Callable[[float], Clock]) -> None:
    """While one change is under way another is refused, and nothing of it happens."""
    clock = make_clock(1)
    with clock._change(), pytest.raises(ClockRefused, match="another change of the clock is under way"):
        clock.jump(1_000_000)
    assert clock.state().speed == 1
    clock.jump(1)


def test_changes_from_many_threads_happen_once_or_are_refused(make_clock: Callable[[float], Clock]) -> None:
    """Of many jumps at once, time went ahead by exactly those that were not refused."""
    clock = make_clock(1)
    before, done, refused = clock.now(), [], []

    def jump() -> None:
        for _ in range(100):
            try:
                clock.jump(1_000_000)
                done.append(1)
            except ClockRefused:
                refused.append(1)

    threads = [threading.Thread(target=jump) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) + len(refused) == 400
    assert 0 <= clock.now() - before - len(done) * 1_000_000 < 1000


def test_a_stopped_clock_refuses_everything(make_clock: Callable[[float], Clock]) -> None:
    """A jump during or after shutdown, and any other use, is refused clearly; closing twice is allowed."""
    clock = make_clock(1)
    clock.close()
    clock.close()
    for use in (clock.now, clock.state, clock.pause, clock.resume, lambda: clock.jump(1), lambda: clock.set_speed(2)):
        with pytest.raises(ClockRefused, match="has been stopped"):
            use()


def test_the_walls_clock_cannot_be_changed() -> None:
    """Without a virtual clock every change is refused with the reason, a wrong speed with the range."""
    clock = open_clock(None, lambda _: None)
    for change in (clock.pause, clock.resume, lambda: clock.jump(1), lambda: clock.set_speed(2)):
        with pytest.raises(ClockRefused, match="start it with --speed"):
            change()
    with pytest.raises(ClockRefused, match="from 0"):
        clock.set_speed(0)
    assert SPEED_RANGE[0] <= clock.state().speed <= SPEED_RANGE[1]


def test_where_no_clock_can_be_had_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a compiler runs at speed 1, told in one line; a wrong speed is still refused."""

    def missing() -> None:
        raise ClockUnavailable("no compiler\nat all")

    monkeypatch.setattr("localprocs.vclock.clock.library", missing)
    said: list[str] = []
    with open_clock(20, said.append) as clock:
        assert said == ["Speed 1: no compiler at all."]
        assert clock.env() == {}
        with pytest.raises(ClockRefused, match="no compiler at all"):
            clock.jump(1)
    with pytest.raises(ClockRefused):
        open_clock(0, said.append)


def test_a_machine_without_a_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """No system compiler and no ziglang wheel: the message names both."""
    monkeypatch.setattr("localprocs.vclock.build.shutil.which", lambda _: None)
    monkeypatch.setattr("localprocs.vclock.build.importlib.util.find_spec", lambda _: None)
    with pytest.raises(ClockUnavailable, match="install cc, or the package ziglang"):
        compiler()
