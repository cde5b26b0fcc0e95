"""The site's recorded answers become rules of the fake site."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.incidents.answers import path_of, rules
from fake_onlyfans.faults.rules import read_rules
from tests.unit.incidents.recorded import CHAT, POST, answer

T0 = 1_774_747_800.0
POSTED = {"account": "acct-1", "method": "POST", "path": "/api/chats/*/messages"}


def test_an_answer_that_was_as_it_should_be_needs_no_rule() -> None:
    """The fake site answers so by itself."""
    assert rules([answer(1, 200, CHAT), answer(2, 201), answer(3, 303, ("GET", "/login"))], T0) == []


def test_a_failure_is_for_the_same_request_again() -> None:
    """By account, method, path and which of these it was; Retry-After goes with it."""
    (rule,) = rules([answer(1, 200), answer(2, 429, nth=2, retry_after="30")], T0)

    fault = {"kind": "status", "when": "before", "status": 429, "retry_after": 30.0}
    assert rule == {"match": POSTED | {"nth": [2]}, "fault": fault}


@pytest.mark.parametrize(
    ("recorded", "fault"),
    [
        (answer(1, 0, wait=45), {"kind": "hang", "when": "before"}),
        (answer(1, 0, wait=1, _error="timeout"), {"kind": "hang", "when": "before"}),
        (answer(1, 0), {"kind": "reset", "when": "before"}),
        (answer(1, 0, wait=45, _error="reset"), {"kind": "reset", "when": "before"}),
        (answer(1, 0, _error=""), {"kind": "hang", "when": "before"}),
        (answer(1, 0, _acted=True), {"kind": "reset", "when": "after"}),
        (answer(1, 401), {"kind": "expire_session"}),
        (answer(1, 401, ("POST", "/api/login")), {"kind": "status", "when": "before", "status": 401}),
        (
            answer(1, 0, _error="timeout", _acted=5),
            {"kind": "commit_late", "seconds": 5.0, "answer": {"kind": "hang", "when": "before"}},
        ),
        (answer(1, 500), {"kind": "status", "when": "before", "status": 500}),
        (
            answer(1, 504, _acted=True),
            {"kind": "status", "when": "after", "status": 504, "body": "<h1>Bad gateway</h1>"},
        ),
        (
            answer(1, 503, retry_after="Sun, 29 Mar 2026 01:31:00 GMT"),
            {"kind": "status", "when": "before", "status": 503, "body": "<h1>Bad gateway</h1>"}
            | {"retry_after": "Sun, 29 Mar 2026 01:31:00 GMT"},
        ),
    ],
)
def test_each_way_to_fail_has_its_fault(recorded: object, fault: dict[str, object]) -> None:
    """No answer, a cut connection, the site's own error, a gateway's; before or after the site had acted."""
    assert [it["fault"] for it in rules([recorded], T0)] == [fault]  # type: ignore[list-item]


def test_a_session_that_is_over_is_ended_once() -> None:
    """What is refused until its account signs in follows from that, and not for whoever signs in sooner."""
    log_in = ("POST", "/api/login")
    recorded = [
        answer(1, 401),
        answer(31, 401, nth=2),
        answer(32, 401, account="acct-2"),
        answer(200, 401, CHAT),
        answer(201, 200, log_in),
        answer(202, 401, nth=3),
    ]
    found = [(it["match"]["account"], it["match"]["nth"]) for it in rules(recorded, T0)]
    assert sorted(found) == [("acct-1", [1]), ("acct-1", [3]), ("acct-2", [1])]


def test_a_failure_is_for_the_same_conversation_in_whatever_order_jobs_go() -> None:
    """Where it is known to whom a job is, its answers are counted among those of that conversation."""
    recorded = [replace(answer(1, 201), job_id="a"), replace(answer(2, 500, nth=2), job_id="b")]

    (rule,) = rules(recorded, T0, {"a": "fan-1", "b": "fan-[2]"})

    assert rule["match"] == POSTED | {"path": "/api/chats/fan-[[]2]/messages", "nth": [1]}


def test_an_answer_that_came_late_comes_late_again() -> None:
    """The wait stands around what is answered then: a late error is late and an error."""
    found = rules([answer(1, 200, CHAT, wait=8), answer(9, 500, wait=3)], T0)

    assert [(it["fault"]["kind"], it["match"]["method"]) for it in found] == [
        ("delay", "GET"),
        ("delay", "POST"),
        ("status", "POST"),
    ]
    assert found[0]["fault"]["seconds"] == pytest.approx(8, abs=0.01)


def test_equal_failures_for_long_are_the_sites_state_at_the_time() -> None:
    """A limit that lasts two hours meets whoever comes in those hours, however often the mended code asks."""
    spell = [answer(100 + 300 * n, 429, nth=n + 1) for n in range(24)]

    (rule,) = rules([answer(10, 200, CHAT), *spell, answer(7200, 201, nth=25)], T0)

    after, before = rule["match"].pop("after") - T0, rule["match"].pop("before") - T0
    assert rule["match"] == POSTED
    assert 90 <= after <= 100
    assert 7000 < before < 7200


def test_a_site_that_is_down_is_down_for_everybody() -> None:
    """Where nobody fared better meanwhile, the rule names no path and no account."""
    down = [answer(60 * n, 503, request, account=f"acct-{n % 3}") for n in range(9) for request in (CHAT, POST)]

    (rule,) = rules(down, T0)

    assert set(rule["match"]) == {"after", "before"}


answers = st.builds(
    answer,
    st.floats(0, 7200),
    st.sampled_from((0, 200, 201, 303, 401, 403, 404, 422, 429, 500, 502, 503, 504, 524)),
    st.sampled_from((POST, CHAT, ("POST", "/api/login"))),
    account=st.sampled_from(("acct-1", "acct-2", "")),
    nth=st.integers(1, 50),
    retry_after=st.sampled_from(("", "0", "30", "soon")),
    wait=st.floats(-0.001, 100),
    _acted=st.sampled_from((None, True, False, 5, 0.5)),
)


@given(st.lists(answers, max_size=40))
def test_whatever_was_recorded_the_fake_site_takes_the_rules(recorded: list[object]) -> None:
    """No recording makes a rule that the site refuses."""
    read_rules(rules(recorded, T0))  # type: ignore[arg-type]


def test_a_template_is_a_glob() -> None:
    """Each name in it is any."""
    assert path_of("/api/chats/{fan}/messages") == "/api/chats/*/messages"
    assert path_of("/{username}") == "/*"
