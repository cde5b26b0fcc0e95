"""A job's way: spans that follow each other, whatever the lines say."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emulator.drawing import rendering
from emulator.drawing.way import MOST_MARKS, Kind, Stations, Way, detailed, outline

NOW = 10_000.0
moments = st.floats(1, NOW)


@st.composite
def stations(draw: st.DrawFn) -> Stations:
    """Return stations in the order of a job's way; a late one may not be known yet."""
    times = sorted(draw(st.lists(moments, min_size=4, max_size=4)))
    known = draw(st.integers(0, 4))
    sent, forwarded, taken, ended = [*times[:known], *[0.0] * (4 - known)]
    return Stations(sent=sent, forwarded=forwarded, taken=taken, ended=ended, is_failed=draw(st.booleans()))


def line(event: str, duration_ms: float, **more: Any) -> dict[str, Any]:
    """Return a log line of the scraper about a job."""
    return {"event": event, "duration_ms": duration_ms, **more}


lines = st.lists(
    st.tuples(
        moments,
        st.builds(
            line,
            st.sampled_from(
                [
                    "job_ended",
                    "messages_handed_back",
                    "site_error",
                    "signed_in",
                    "site_answered",
                    "object_kept",
                    "message_deleted",
                ]
            ),
            st.floats(0, 500_000),
            status=st.sampled_from(["succeeded", "returned", "failed"]),
            comes_back_seconds=st.none() | st.integers(0, 43_200),
            total_ms=st.none() | st.integers(-5, 500_000),
        ),
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda it: it[0]))


def check(way: Way) -> None:
    """No span ends before it begins, or begins before the one before it has ended, and only the last is open."""
    assert all(it.end >= it.start for it in way.spans)
    assert all(other.start >= one.end for one, other in pairwise(way.spans))
    assert all(not it.is_open for it in way.spans[:-1])


@given(stations())
def test_an_outline_has_a_span_between_each_station_and_the_next(given_: Stations) -> None:
    """It begins when the job was sent, and ends with it, or now."""
    way = outline(given_, NOW)

    check(way)
    assert way.start == given_.sent
    assert all(one.end == other.start for one, other in pairwise(way.spans))
    if given_.sent and not given_.ended:
        assert way.spans[-1].is_open


@given(stations(), lines)
def test_any_lines_make_a_way(given_: Stations, told: list[tuple[float, dict[str, Any]]]) -> None:
    """However odd the log, the page can draw it."""
    check(detailed(given_, told, NOW))


def test_each_attempt_and_each_wait_has_its_span() -> None:
    """Turn, queue, a failed attempt with its error, away, queue, success."""
    told = [
        (105.0, line("site_error", 3000, http_status=503, error_class="server_error", reason="the site failed")),
        (110.0, line("job_ended", 8000, status="failed", error="the site failed", comes_back_seconds=60)),
        (180.0, line("job_ended", 5000, status="succeeded", comes_back_seconds=None)),
    ]

    way = detailed(Stations(sent=90.0, forwarded=100.0, ended=180.0), told, NOW)

    assert [(it.kind, it.start, it.end) for it in way.spans] == [
        (Kind.TURN, 90.0, 100.0),
        (Kind.QUEUE, 100.0, 102.0),
        (Kind.FAILED, 102.0, 110.0),
        (Kind.HIDDEN, 110.0, 170.0),
        (Kind.QUEUE, 170.0, 175.0),
        (Kind.WORK, 175.0, 180.0),
    ]
    assert way.spans[2].marks[0].detail == "503, server_error, the site failed"


def test_what_was_handed_back_is_away_until_it_comes_back() -> None:
    """The last span is open: the job still waits."""
    told = [(110.0, line("job_ended", 8000, status="rate_limited", comes_back_seconds=60))]

    way = detailed(Stations(sent=100.0, forwarded=101.0), told, now=130.0)

    assert (way.spans[-1].kind, way.spans[-1].is_open) == (Kind.HIDDEN, True)


def test_what_is_told_after_an_attempt_begins_no_other() -> None:
    """It is handed back, and comes again a minute later: the time between is no attempt."""
    told = [
        (101.0, line("job_ended", 1000, status="failed", comes_back_seconds=60)),
        (101.1, line("messages_handed_back", 1100)),
        (162.0, line("attempt_begins", 500)),
        (163.0, line("job_ended", 1500, status="succeeded")),
        (163.1, line("message_deleted", 1600)),
    ]
    way = detailed(Stations(sent=99.0, forwarded=99.5, taken=100.0, ended=163.0), told, NOW)

    assert [(it.kind, it.start, it.end) for it in way.spans[2:]] == [
        (Kind.FAILED, 100.0, 101.0),
        (Kind.HIDDEN, 101.0, 161.0),
        (Kind.QUEUE, 161.0, 161.5),
        (Kind.WORK, 161.5, 163.0),
    ]


def test_what_the_browser_asked_for_stands_in_its_attempt() -> None:
    """Each request with its answer, or why there was none, over the time that it took; of a job that runs, too."""
    told = [
        (102.0, line("site_answered", 1000, method="GET", path="/my/chats", http_status=200, total_ms=800)),
        (
            105.0,
            line("site_answered", 4000, method="POST", path="/x", http_status=None, failure="timeout", total_ms=2500),
        ),
    ]

    way = detailed(Stations(sent=90.0, forwarded=100.0), told, NOW)

    running = way.spans[-1]
    assert (running.kind, running.start, running.is_open) == (Kind.WORK, 101.0, True)
    assert [(it.title, it.detail, it.at - it.seconds) for it in running.steps] == [
        ("GET /my/chats", "200", 101.2),
        ("POST /x", "timeout", 102.5),
    ]


def test_what_was_written_to_s3_stands_in_its_attempt() -> None:
    """Over the time that it took, after the request whose answer it keeps."""
    told = [
        (102.0, line("site_answered", 1000, method="GET", path="/my/chats", http_status=200, total_ms=800)),
        (102.5, line("object_kept", 1500, content_type="image/png", sent_bytes=2048, total_ms=300)),
        (103.0, line("job_ended", 2000, status="succeeded")),
    ]

    way = detailed(Stations(sent=90.0, forwarded=100.0, ended=103.0), told, NOW)

    assert [(it.kind, it.detail, it.at - it.seconds) for it in way.spans[-1].steps] == [
        ("site", "200", 101.2),
        ("store", "image/png, 2048 bytes", 102.2),
    ]


def test_of_many_requests_the_first_are_shown() -> None:
    """A long conversation's page stays readable."""
    told = [
        (100.0 + number, line("site_answered", number * 1000, method="GET", path=f"/page-{number}", http_status=200))
        for number in range(1, 41)
    ]
    way = detailed(Stations(sent=90.0, forwarded=99.0), told, 150.0)

    page = rendering.environment().get_template("way.html").module.fall(way, None)  # type: ignore[attr-defined]

    assert page.count('<rect class="site step"') == MOST_MARKS
    assert "/page-12 " in page
    assert "/page-13 " not in page
    assert "and 28 more" in page
