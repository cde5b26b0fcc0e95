"""The scope in force: two never count at the same time."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.limit.in_force import LOOK_SECONDS, OUTLASTED_SECONDS, DynamoMarks, InForce, Scope
from huntaze_scraper.settings import ACCOUNT, PIPELINE
from huntaze_scraper.state.table import StateTable
from tests.unit.aws import state_table
from tests.unit.limit.marks import MemoryMarks

WINDOW = 61.0


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.moment = 1_700_000_000.0

    def now(self) -> float:
        return self.moment

    def monotonic(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def process(marks: MemoryMarks, scope: str, clock: Clock) -> Scope:
    return Scope(marks, scope, WINDOW, clock)


def test_the_first_scope_is_in_force_at_once(clock: Clock) -> None:
    """Before it nothing was counted; all processes of one scope go on beside each other, whenever they start."""
    marks = MemoryMarks()

    assert process(marks, PIPELINE, clock).opens_in() == 0
    assert process(marks, PIPELINE, clock).opens_in() == 0


@pytest.mark.requirement("9.1")
def test_a_change_shuts_the_old_processes_and_then_opens_the_new_ones(clock: Clock) -> None:
    """These wait until those know of it, and until what those let pass is a window ago."""
    marks = MemoryMarks()
    old, new = process(marks, PIPELINE, clock), process(marks, ACCOUNT, clock)
    assert old.opens_in() == 0

    assert new.opens_in() == LOOK_SECONDS + WINDOW
    assert old.opens_in() == 0
    clock.moment += LOOK_SECONDS
    assert old.opens_in() > 0
    clock.moment += WINDOW
    assert (old.opens_in() > 0, new.opens_in()) == (True, 0)


def test_whoever_outlasts_the_other_scope_takes_its_own_back(clock: Clock) -> None:
    """A deployment was taken back: the last process of it put its scope in force when its successors were there, and ended."""
    marks = MemoryMarks()
    first, second = process(marks, PIPELINE, clock), process(marks, PIPELINE, clock)
    assert first.opens_in() == second.opens_in() == 0
    clock.moment += 1
    process(marks, ACCOUNT, clock).opens_in()
    for _ in range(int(OUTLASTED_SECONDS / LOOK_SECONDS)):
        clock.moment += LOOK_SECONDS
        assert first.opens_in() > 0
    clock.moment += LOOK_SECONDS
    first.opens_in()
    clock.moment += LOOK_SECONDS + WINDOW

    assert first.opens_in() == second.opens_in() == 0


def test_a_look_holds_for_a_while(clock: Clock) -> None:
    """A turn costs no read of it."""
    marks = MemoryMarks()
    scope = process(marks, PIPELINE, clock)
    for _ in range(100):
        assert scope.opens_in() == 0

    assert marks.reads == 1
    clock.moment += LOOK_SECONDS
    scope.opens_in()
    assert marks.reads == 2


def test_without_an_answer_nobody_knows(clock: Clock) -> None:
    """Nothing passes then."""
    marks = MemoryMarks()
    scope = process(marks, PIPELINE, clock)
    scope.opens_in()
    clock.moment += LOOK_SECONDS
    marks.is_down = True

    with pytest.raises(StoreUnavailable):
        scope.opens_in()


@pytest.mark.requirement("9.1")
@given(steps=st.lists(st.tuples(st.booleans(), st.floats(0, 40) | st.floats(590, 610)), min_size=2, max_size=60))
def test_what_one_scope_lets_pass_is_never_within_a_window_of_what_the_other_does(
    steps: list[tuple[bool, float]],
) -> None:
    """However processes of both start and ask, as in a deployment, a rollback, and tasks that outlast the others."""
    clock, marks, passed = Clock(), MemoryMarks(), list[tuple[float, str]]()
    processes = {scope: [process(marks, scope, clock)] for scope in (PIPELINE, ACCOUNT)}
    for number, (is_shared, seconds) in enumerate(steps):
        clock.moment += seconds
        scope = PIPELINE if is_shared else ACCOUNT
        if number % 7 == 0:
            processes[scope].append(process(marks, scope, clock))
        asked = processes[scope][number % len(processes[scope])]
        if asked.opens_in() == 0:
            passed.append((clock.moment, scope))
    for moment, scope in passed:
        assert not [it for it, other in passed if other != scope and abs(it - moment) < WINDOW]


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoMarks]:
    """The item of a table in moto."""
    with state_table(monkeypatch) as client:
        yield DynamoMarks(StateTable(client, "state"), "turn# scope")


def test_the_mark_is_changed_by_one_and_a_lost_answer_is_no_conflict(marks: DynamoMarks) -> None:
    """Who read before somebody else wrote must read again; the same written again is the same."""
    first, second = InForce(PIPELINE), InForce(ACCOUNT, 1_700_000_000_000)

    assert marks.read() is None
    assert marks.write(None, first)
    assert marks.write(None, first)
    assert not marks.write(None, second)
    assert marks.write(first, second)
    assert not marks.write(first, InForce(ACCOUNT, 1))
    assert marks.read() == second
