"""What people read: durations, scales, and wall time beside virtual time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.console.reading.clock import WallTimes
from emulator.drawing.charts import HEIGHT, WIDTH, Chart, Series, a_minute, stretches
from emulator.drawing.moments import clock_time, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 ms"),
        (0.23, "230 ms"),
        (4.23, "4.2 s"),
        (42, "42 s"),
        (192, "3 min 12 s"),
        (7500, "2 h 5 min"),
        (90061, "1 d 1 h"),
        (3600, "1 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    """As short as it can be told."""
    assert duration(seconds) == text


def test_an_unknown_moment_is_empty() -> None:
    """Not 1970."""
    assert clock_time(0) == ""


@given(st.lists(st.tuples(st.floats(0, 3600), st.floats(0, 1e9)), max_size=20))
def test_every_line_lies_in_its_box(points: list[tuple[float, float]]) -> None:
    """Whatever the values are, the scale is theirs."""
    series = Series(name="any", points=sorted(points))
    chart = Chart(title="any", start=0, end=3600, series=[series])

    pairs = [pair.split() for pair in chart.path(series).removesuffix("h0").replace("L", "M").split("M")[1:]]

    assert len(pairs) == len(points)
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in pairs)


def test_what_was_counted_is_told_a_minute_and_falls_to_nothing_in_between() -> None:
    """Twelve in two minutes are six a minute; a quiet hour is a line at 0, not a slope to what came after it."""
    assert a_minute([(240.0, 12.0), (360.0, 2.0), (3600.0, 4.0)], 120, 3660) == [
        (120.0, 0.0),
        (240.0, 6.0),
        (360.0, 1.0),
        (480.0, 0.0),
        (3480.0, 0.0),
        (3600.0, 2.0),
    ]
    assert a_minute([(60.0, 1.0)], 60, 600)[-2:] == [(120.0, 0.0), (600.0, 0.0)]
    assert a_minute([], 60, 600) == []


def test_a_line_tells_its_total_or_its_newest_value() -> None:
    """And that nothing is known, which is not none."""
    points = [(0.0, 1.0), (60.0, 2.5)]

    assert Series(name="any", points=points).told == "2.5"
    assert Series(name="any", points=points, total=7.0).told == "7 in all"
    assert Series(name="any", points=[]).told == "not known"


def test_a_state_lasts_until_the_next_change() -> None:
    """What was before the first change was so from the beginning; what changed outside of the time is not shown."""
    changes = [(100.0, "OK", "ALARM"), (400.0, "ALARM", "OK"), (900.0, "OK", "ALARM")]

    found = stretches("OK", changes, 200, 800)

    assert [(it.state, it.x, it.width) for it in found] == [("ALARM", 0.0, WIDTH / 3), ("OK", WIDTH / 3, WIDTH * 2 / 3)]
    assert [(it.state, it.width) for it in stretches("OK", [], 200, 800)] == [("OK", WIDTH)]


@given(st.lists(st.tuples(st.floats(0.001, 100), st.floats(0.001, 100)), min_size=2, max_size=30), st.data())
def test_wall_time_between_watched_moments_is_told(steps: list[tuple[float, float]], data: st.DataObject) -> None:
    """At most what passed in all; what was not watched is not made up."""
    walls, virtual, wall = WallTimes(), 0.0, 0.0
    for virtual_step, wall_step in steps:
        virtual, wall = virtual + virtual_step, wall + wall_step
        walls.note(virtual, wall)
    first = steps[0][0]
    start = data.draw(st.floats(first, virtual))
    told = walls.between(start, virtual)

    assert walls.between(first - 1, virtual) is None
    assert told is None or 0 <= told <= wall or math.isclose(told, wall)
