"""The line: urgent first, in fair shares, and nobody starves."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.line import TURNS_OF_WHICH_ONE, Line, Next

HIGH, NORMAL, LOW = Priority
ACCOUNTS = st.sampled_from(["ann", "bob", "cid", "dan"])
ARRIVALS = st.lists(st.tuples(st.sampled_from(Priority), ACCOUNTS, st.integers(1, 30)), min_size=1, max_size=12)


def a_line(*arrivals: tuple[Priority, str, int]) -> Line:
    line = Line()
    for priority, account, count in arrivals:
        line = line.joined(priority, account, count)
    return line


def turns(line: Line, count: int | None = None) -> list[Next]:
    return list(islice(line.order(), count))


@pytest.mark.requirement("9.3")
def test_high_goes_before_normal_before_low() -> None:
    """As long as those that wait have had their one in ten."""
    line = a_line((LOW, "ann", 1), (NORMAL, "bob", 1), (HIGH, "cid", 1))

    assert [it.priority for it in turns(line)] == [HIGH, NORMAL, LOW]


@pytest.mark.requirement("9.3")
@given(arrivals=ARRIVALS)
def test_each_priority_that_waits_has_one_turn_in_ten(arrivals: list[tuple[Priority, str, int]]) -> None:
    """Whatever waits beside it."""
    line = a_line(*arrivals)
    passed: Counter[Priority] = Counter()
    for following in turns(line):
        waiting = {it for it in Priority if any(line.waiting(it, name) for name in ("ann", "bob", "cid", "dan"))}
        for each in waiting - {following.priority}:
            passed[each] += 1
        passed[following.priority] = 0
        assert all(passed[it] < TURNS_OF_WHICH_ONE for it in waiting), passed
        line = line.given(following.priority).served(*following)


@pytest.mark.requirement("9.3")
def test_high_has_at_least_eight_turns_in_ten() -> None:
    """What the others are promised is all that they get."""
    line = a_line((HIGH, "ann", 100), (NORMAL, "bob", 100), (LOW, "cid", 100))

    had = Counter(it.priority for it in turns(line, 100))
    assert had[HIGH] >= 80
    assert had[NORMAL] >= 9
    assert had[LOW] >= 9


@pytest.mark.requirement("9.4")
@given(backlog=st.integers(1, 500), had=st.integers(0, 50), others=st.integers(1, 8))
def test_who_has_nothing_waiting_is_next_among_those_who_come_with_it(backlog: int, had: int, others: int) -> None:
    """A thousand of another's make no difference."""
    line = a_line((NORMAL, "ann", backlog))
    for following in turns(line, min(had, backlog - 1)):
        line = line.given(following.priority).served(*following)
    names = {f"new-{number}" for number in range(others)}
    for name in sorted(names):
        line = line.joined(NORMAL, name)

    assert {it.account for it in turns(line, others + 1)} >= names


@pytest.mark.requirement("9.4")
@given(arrivals=ARRIVALS)
def test_accounts_that_wait_have_as_many_turns_as_each_other(arrivals: list[tuple[Priority, str, int]]) -> None:
    """Within one, at any moment since both wait."""
    line = a_line(*((NORMAL, account, count) for _, account, count in arrivals))
    had: Counter[str] = Counter()
    for following in turns(line):
        had[following.account] += 1
        line = line.given(following.priority).served(*following)
        waiting = [name for name in had if line.waiting(NORMAL, name)]
        assert not waiting or max(had[it] for it in waiting) - min(had[it] for it in waiting) <= 1


def test_to_come_again_and_again_brings_no_more_than_a_share() -> None:
    """An account with one job at a time has every other turn, beside one with many, not every turn."""
    line = a_line((NORMAL, "ann", 50))
    had: Counter[str] = Counter()
    for _ in range(40):
        if not line.waiting(NORMAL, "bob"):
            line = line.joined(NORMAL, "bob")
        following = line.next()
        assert following
        had[following.account] += 1
        line = line.given(following.priority).served(*following)

    assert had["ann"] >= 19


@given(arrivals=ARRIVALS)
def test_all_that_wait_have_their_turns_and_the_line_is_forgotten(arrivals: list[tuple[Priority, str, int]]) -> None:
    """None lost, none twice; the item does not grow with accounts that were there once."""
    line = a_line(*arrivals)
    wanted: Counter[Next] = Counter()
    for priority, account, count in arrivals:
        wanted[Next(priority, account)] += count

    had = turns(line)
    assert Counter(had) == wanted
    for following in had:
        line = line.given(following.priority).served(*following)
    assert line.next() is None
    assert line.size <= len({it.account for it in had}) * len(Priority)


def test_an_account_that_is_left_out_keeps_its_place() -> None:
    """Others go meanwhile."""
    line = a_line((NORMAL, "ann", 2), (NORMAL, "bob", 2))

    assert line.next({"ann"}) == Next(NORMAL, "bob")
    assert line.next({"ann", "bob"}) is None
    assert line.next() == Next(NORMAL, "ann")


@given(arrivals=ARRIVALS, had=st.integers(0, 20))
def test_what_is_stored_is_the_same_line(arrivals: list[tuple[Priority, str, int]], had: int) -> None:
    """Equal tags go in their order, also after it."""
    line = a_line(*arrivals)
    for following in turns(line, had):
        line = line.given(following.priority).served(*following)

    assert turns(Line.of_json(line.as_json())) == turns(line)
