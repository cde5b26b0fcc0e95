"""Which requests a rule is for, and how a wrong rule is answered."""

from contextlib import suppress
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visitor import Visitor

from fake_onlyfans.faults.fault import InvalidRule
from fake_onlyfans.faults.rule import Match
from fake_onlyfans.faults.rules import KINDS, read_rules

STATUS = {"kind": "status", "status": 500}


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(method="GET"), True),
        (Match(method="POST"), False),
        (Match(path="/my/*"), True),
        (Match(path="/my"), False),
        (Match(path="*/fan-00[12]"), True),
        (Match(path="/MY/*"), False),
        (Match(account="creator-01"), True),
        (Match(account="creator-02"), False),
        (Match(method="GET", path="/my/*", account="creator-02"), False),
    ],
)
def test_a_match_fits_when_all_that_it_names_fits(match: Match, fits: bool) -> None:
    """What it does not name is any."""
    assert match.fits("GET", "/my/chats/chat/fan-001", "creator-01") is fits


def test_a_match_for_an_account_is_not_for_strangers() -> None:
    """Nobody is not somebody."""
    assert not Match(account="creator-01").fits("GET", "/", None)


@given(st.lists(st.booleans(), max_size=30), st.sets(st.integers(1, 12), min_size=1), st.none() | st.integers(1, 4))
def test_nth_counts_matching_requests_and_times_counts_faults(
    matching: list[bool], nth: set[int], times: int | None
) -> None:
    """The n-th request that matches meets the fault, for the first ``times`` of them."""
    (rule,) = read_rules([{"match": {"path": "/hit", "nth": list(nth)}, "fault": STATUS, "times": times}])

    met = []
    for is_hit in matching:
        if rule.counts("GET", "/hit" if is_hit else "/miss", None, 0.0) and (times is None or rule.fired < times):
            rule.fired += 1
            met.append(rule.matched)

    expected = [number for number in range(1, sum(matching) + 1) if number in nth][:times]
    assert met == expected
    assert rule.matched == sum(matching)


def test_a_rule_with_moments_is_for_what_comes_between_them() -> None:
    """From the one on and before the other; what comes at another time is not counted either."""
    (rule,) = read_rules([{"match": {"path": "/hit", "after": 10, "before": 20.5, "nth": [2]}, "fault": STATUS}])

    assert [rule.counts("GET", "/hit", None, now) for now in (9.9, 10, 20.4, 20.5)] == [False, False, True, False]
    assert rule.as_json()["match"] == {"path": "/hit", "nth": [2], "after": 10, "before": 20.5}


def test_rules_are_listed_as_they_were_posted_with_what_they_did(creator: Visitor) -> None:
    """GET faults says how many requests matched, and how often the fault came."""
    match = {"method": "GET", "path": "/api/*", "account": "creator-01", "nth": [2, 3]}
    creator.set_faults({"match": match, "fault": STATUS, "times": 1})

    statuses = [creator.read("fan-001").status_code for _ in range(4)]

    assert statuses == [200, 500, 200, 200]
    (rule,) = creator.control("faults")
    assert rule["match"] == match
    assert STATUS.items() <= rule["fault"].items()
    assert (rule["times"], rule["matched"], rule["fired"]) == (1, 4, 1)


def test_rules_as_listed_can_be_posted_again(creator: Visitor) -> None:
    """What GET shows, less the counts, POST takes."""
    creator.set_faults({"fault": STATUS}, {"match": {"nth": [1]}, "fault": {"kind": "reset"}, "times": 2})
    listed = [{name: rule[name] for name in ("match", "fault", "times")} for rule in creator.control("faults")]

    creator.set_faults(*listed)

    assert [{name: rule[name] for name in listed[0]} for rule in creator.control("faults")] == listed


def test_new_rules_replace_all_others(creator: Visitor) -> None:
    """An empty list clears them."""
    creator.set_faults({"fault": STATUS})
    assert creator.read("fan-001").status_code == 500

    creator.set_faults()

    assert creator.control("faults") == []
    assert creator.read("fan-001").status_code == 200


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({}, "a list of rules"),
        (None, "a list of rules"),
        ([{"fault": STATUS}, 7], 'rule 2: "rule" is 7'),
        ([{"fault": STATUS, "time": 1}], 'rule 1: "rule" has no field "time"; allowed: match, fault, times'),
        ([{}], '"fault.kind" is None; allowed: status, delay, hang'),
        ([{"fault": "status"}], "\"fault.kind\" is 'status'"),
        ([{"fault": {"kind": "flood"}}], "\"fault.kind\" is 'flood'"),
        ([{"fault": {"kind": ["status"]}}], "\"fault.kind\" is ['status']"),
        ([{"fault": {"kind": "status"}}], 'kind "status" needs "status"'),
        ([{"fault": STATUS | {"status": 99}}], '"status" is 99; allowed: 200 to 599'),
        ([{"fault": STATUS | {"status": True}}], '"status" is True'),
        ([{"fault": STATUS | {"status": "500"}}], "\"status\" is '500'"),
        ([{"fault": STATUS | {"retry_after": -1}}], '"retry_after" is -1; allowed: seconds'),
        ([{"fault": STATUS | {"retry_after_date": "x"}}], "\"retry_after_date\" is 'x'"),
        ([{"fault": STATUS | {"headers": [1]}}], '"headers" is [1]'),
        ([{"fault": STATUS | {"headers": {"a": 1}}}], '"headers" is'),
        ([{"fault": STATUS | {"headers": {"a": "b\r\nc: d"}}}], '"headers" is'),
        ([{"fault": STATUS | {"retry_after": "1\n"}}], '"retry_after" is'),
        ([{"fault": STATUS | {"when": "later"}}], '"when" is \'later\'; allowed: "before", "after"'),
        ([{"fault": {"kind": "delay"}}], 'kind "delay" needs "seconds"'),
        ([{"fault": {"kind": "delay", "seconds": "1"}}], "\"seconds\" is '1'"),
        ([{"fault": {"kind": "delay", "seconds": 1, "minutes": 1}}], 'kind "delay" has no option "minutes"'),
        ([{"fault": {"kind": "hang", "seconds": 1}}], 'kind "hang" has no option "seconds"; allowed: when'),
        ([{"fault": {"kind": "drift", "x": 1}}], 'kind "drift" has no option "x"; allowed: none'),
        ([{"fault": {"kind": "reset", "unannounced": 1}}], '"unannounced" is 1; allowed: true, false'),
        (
            [{"fault": {"kind": "log_in_form", "shown": "under"}}],
            "\"shown\" is 'under'; allowed: over, instead, address",
        ),
        ([{"fault": {"kind": "log_in_form", "status": 200}}], '"status" is 200; allowed: 400 to 499'),
        ([{"fault": {"kind": "pop_up", "by": "wind"}}], "\"by\" is 'wind'; allowed: page, click, form"),
        ([{"match": [], "fault": STATUS}], '"match" is []'),
        ([{"match": [1], "fault": STATUS}], '"match" is [1]'),
        (
            [{"match": {"host": "x"}, "fault": STATUS}],
            '"match" has no field "host"; allowed: method, path, account, nth',
        ),
        ([{"match": {"method": "BREW"}, "fault": STATUS}], "\"match.method\" is 'BREW'; allowed: GET, HEAD, POST"),
        ([{"match": {"path": 1}, "fault": STATUS}], '"match.path" is 1'),
        ([{"match": {"nth": 1}, "fault": STATUS}], '"match.nth" is 1; allowed: a list of numbers'),
        ([{"match": {"nth": []}, "fault": STATUS}], '"match.nth" is []'),
        ([{"match": {"nth": [0]}, "fault": STATUS}], '"match.nth" is [0]'),
        ([{"fault": STATUS, "times": 0}], '"times" is 0; allowed: a number from 1'),
        ([{"fault": STATUS, "times": 1.5}], '"times" is 1.5'),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_allowed(creator: Visitor, rules: object, said: str) -> None:
    """400, and the rules before stay in force."""
    creator.set_faults({"fault": {"kind": "drift"}})

    answer = creator.post("/_control/faults", json=rules)

    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert [each["fault"]["kind"] for each in creator.control("faults")] == ["drift"]


@pytest.mark.parametrize("body", [b"", b"[{]", b"\xff"])
def test_rules_that_are_not_json_are_refused(creator: Visitor, body: bytes) -> None:
    """400 with a word about it."""
    answer = creator.post("/_control/faults", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["match", "fault", "times", "kind", "status", "path", "nth", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_whatever_is_posted_is_rules_or_refused(value: object) -> None:
    """No JSON value makes the reader fail in another way."""
    with suppress(InvalidRule):
        assert all(rule.fault.kind in KINDS for rule in read_rules(value))


@given(st.text(alphabet="/ab*?[]-!", max_size=12), st.text(alphabet="/ab-!", max_size=12))
def test_a_glob_is_the_shells(pattern: str, path: str) -> None:
    """A star takes in slashes; case counts."""
    assert Match(path=pattern).fits("GET", path, None) == fnmatchcase(path, pattern)
