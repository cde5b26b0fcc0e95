"""The ledger's promises: kept in DynamoDB, against moto, also where each first answer is lost, and in memory."""

from asyncio import run as wait
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from huntaze_scraper.errors import LeaseLost, StoreRefused, StoreUnavailable
from huntaze_scraper.onlyfans.effects import Effect, Mark
from huntaze_scraper.state.job_entry import KEPT_SECONDS, State
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.worker.ledger import Busy, DynamoLedger, Entry, Finished, Ledger
from tests.unit.answers import EachTwice, Unanswered
from tests.unit.aws import aws_client
from tests.unit.hand_clock import HandClock
from tests.unit.worker.doubles import MemoryLedger, job

JOB = job()
EFFECT = Effect(Mark("7", "2025-01-01T00:00:00Z", "Wed, 01 Jan 2025 00:00:05 GMT"), 1_700_000_500.5)


@pytest.fixture(params=["memory", "aws", "aws, each first answer lost"])
def ledger(request: pytest.FixtureRequest, clock: HandClock) -> Ledger:
    if request.param == "memory":
        return MemoryLedger(clock)
    request.getfixturevalue("aws")
    client = aws_client("dynamodb")
    return DynamoLedger(client if request.param == "aws" else EachTwice(client), "state", clock)


def begin(ledger: Ledger, clock: HandClock, seconds: float = 300) -> Entry:
    entry = wait(ledger.begin(JOB, clock.now() + seconds))
    assert isinstance(entry, Entry)
    return entry


def test_a_job_is_held_by_one_worker_at_a_time(ledger: Ledger, clock: HandClock) -> None:
    """The second is told until when; when the lease is over it may have the job."""
    begin(ledger, clock, 300)
    assert wait(ledger.begin(JOB, clock.now() + 300)) == Busy(clock.now() + 300)
    clock.moment += 300
    assert begin(ledger, clock).attempts == 2


def test_a_lease_that_was_not_given_back_counts_as_a_failure(ledger: Ledger, clock: HandClock) -> None:
    """A worker died over the job: that is what a crash loop is made of."""
    begin(ledger, clock)
    clock.moment += 301
    assert begin(ledger, clock).failures == 1
    clock.moment += 301
    entry = begin(ledger, clock)
    assert entry.failures == 2
    wait(ledger.release(entry))
    assert begin(ledger, clock).failures == 2


def test_counts_outlive_the_lease(ledger: Ledger, clock: HandClock) -> None:
    """Failures and 429s are counted apart."""
    wait(ledger.release(begin(ledger, clock), failures=1))
    wait(ledger.release(begin(ledger, clock), rate_limits=1))
    entry = begin(ledger, clock)
    assert (entry.failures, entry.rate_limits, entry.attempts) == (1, 1, 3)


def test_a_failure_may_be_counted_before_the_lease_is_given_back(ledger: Ledger, clock: HandClock) -> None:
    """The entry knows of it, and so does the next; nobody else has the job meanwhile."""
    entry = begin(ledger, clock)
    wait(ledger.count_failure(entry))
    assert entry.failures == 1
    assert isinstance(wait(ledger.begin(JOB, clock.now() + 300)), Busy)
    wait(ledger.release(entry))
    assert begin(ledger, clock).failures == 1


@pytest.mark.parametrize("state", [State.DONE, State.REJECTED, State.UNCERTAIN])
def test_a_finished_job_is_not_begun_again(ledger: Ledger, clock: HandClock, state: State) -> None:
    """Its copies are told where the result lies."""
    wait(ledger.finish(begin(ledger, clock), state, "results/key"))
    assert wait(ledger.begin(JOB, clock.now() + 300)) == Finished(state, "results/key")


def test_a_dead_job_may_be_replayed_from_nothing_but_its_mark(ledger: Ledger, clock: HandClock) -> None:
    """The failures are forgotten, a try whose end is not known is not."""
    entry = begin(ledger, clock)
    wait(ledger.mark(entry, EFFECT))
    wait(ledger.count_failure(entry))
    wait(ledger.finish(entry, State.DEAD, "key"))
    again = begin(ledger, clock)
    assert (again.failures, again.effect) == (0, EFFECT)


@pytest.mark.requirement("9.5")
def test_what_is_known_of_a_try_outlives_the_lease(ledger: Ledger, clock: HandClock) -> None:
    """Until when it may come, the site's word that it came, or that nothing came of it."""
    for known in (replace(EFFECT, until=5.0), replace(EFFECT, proof={"id": "8", "created_at": "then"}), None):
        entry = begin(ledger, clock)
        wait(ledger.mark(entry, EFFECT))
        entry.effect = known
        wait(ledger.release(entry))
        entry = begin(ledger, clock)
        assert entry.effect == known
        wait(ledger.release(entry))


@pytest.mark.requirement("9.5")
def test_a_worker_that_died_leaves_what_it_recorded_before_it_posted(ledger: Ledger, clock: HandClock) -> None:
    """Another worker keeps to it."""
    wait(ledger.mark(begin(ledger, clock), EFFECT))
    clock.moment += 301
    assert begin(ledger, clock).effect == EFFECT


def test_a_mark_that_an_earlier_version_left_is_looked_for_at_once(aws: None, clock: HandClock) -> None:
    """It has no time until when its effect may come, which is long over."""
    client = aws_client("dynamodb")
    mark = {"M": {"newest": {"S": "7"}}}
    item = {"pk": {"S": f"job#{JOB.job_id}"}, "state": {"S": "waiting"}, "effect_mark": mark}
    client.put_item(TableName="state", Item=item)
    entry = begin(DynamoLedger(client, "state", clock), clock)
    assert entry.effect is not None
    assert (entry.effect.mark, entry.is_doubtful, entry.open_seconds(clock.now())) == (Mark("7"), True, 0.0)


def test_what_is_done_already_is_there_for_the_next_attempt_also_after_a_burial(
    ledger: Ledger, clock: HandClock
) -> None:
    """The latest progress, whatever became of the attempt; not of one whose lease is another's by now."""
    entry = begin(ledger, clock)
    assert entry.progress == {}
    wait(ledger.keep(entry, {"parts": ["1"]}))
    wait(ledger.keep(entry, {"parts": ["1", "2"], "files": {"0": {"bytes": 7}}}))
    wait(ledger.count_failure(entry))
    wait(ledger.finish(entry, State.DEAD, ""))
    again = begin(ledger, clock)
    assert again.progress == {"parts": ["1", "2"], "files": {"0": {"bytes": 7}}}
    clock.moment += 400
    awake = begin(ledger, clock)
    with pytest.raises(LeaseLost):
        wait(ledger.keep(again, {}))
    assert awake.progress == {"parts": ["1", "2"], "files": {"0": {"bytes": 7}}}


def test_who_lost_the_lease_can_neither_mark_nor_extend_nor_change_anything(ledger: Ledger, clock: HandClock) -> None:
    """A worker that slept through its lease does not click."""
    slept = begin(ledger, clock)
    clock.moment += 301
    awake = begin(ledger, clock)
    with pytest.raises(LeaseLost):
        wait(ledger.mark(slept, EFFECT))
    with pytest.raises(LeaseLost):
        wait(ledger.extend(slept, clock.now() + 300))
    with pytest.raises(LeaseLost):
        wait(ledger.count_failure(slept))
    wait(ledger.finish(slept, State.DONE, "key"))
    wait(ledger.release(slept, failures=5))
    wait(ledger.mark(awake, EFFECT))
    wait(ledger.release(awake))
    assert begin(ledger, clock).failures == 1


def test_an_extended_lease_lasts(ledger: Ledger, clock: HandClock) -> None:
    """The heartbeat keeps others away."""
    entry = begin(ledger, clock, 300)
    clock.moment += 200
    wait(ledger.extend(entry, clock.now() + 300))
    clock.moment += 200
    assert isinstance(wait(ledger.begin(JOB, clock.now() + 300)), Busy)


def test_a_buried_message_that_comes_back_is_no_replay(ledger: Ledger, clock: HandClock) -> None:
    """Its worker died before it could delete it: the copy in the DLQ stands for it. Another message is a replay."""
    entry = wait(ledger.begin(JOB, clock.now() + 300, "m-1"))
    assert isinstance(entry, Entry)
    wait(ledger.count_failure(entry))
    wait(ledger.finish(entry, State.DEAD, "key", buried="m-1"))
    assert wait(ledger.begin(JOB, clock.now() + 300, "m-1")) == Finished(State.DEAD, "key")
    replay = wait(ledger.begin(JOB, clock.now() + 300, "m-2"))
    assert isinstance(replay, Entry)
    assert replay.failures == 0
    wait(ledger.release(replay))
    assert isinstance(wait(ledger.begin(JOB, clock.now() + 300, "m-1")), Entry)


class TestAnswersThatAreLost:
    """DynamoDB does what it is asked, and nobody hears of it."""

    @pytest.fixture
    def cut_off(self, aws: None) -> Unanswered:  # noqa: ARG002 - what boto3 talks to
        return Unanswered(aws_client("dynamodb"))

    def lose(self, ledger: Ledger, cut_off: Unanswered, clock: HandClock) -> None:
        cut_off.loses = True
        with pytest.raises(StoreUnavailable):
            wait(ledger.begin(JOB, clock.now() + 300))
        cut_off.loses = False

    def test_a_lease_given_without_an_answer_is_known_as_our_own(self, cut_off: Unanswered, clock: HandClock) -> None:
        """However often: no failure, no attempt, no waiting for a worker that is ourselves."""
        ledger = DynamoLedger(cut_off, "state", clock)
        for _ in range(4):
            self.lose(ledger, cut_off, clock)
            clock.moment += 30
        entry = begin(ledger, clock)
        assert (entry.failures, entry.attempts) == (0, 1)

    def test_the_next_probe_gives_it_back_to_all(self, cut_off: Unanswered, clock: HandClock) -> None:
        """As soon as the store answers, any worker may have the job, and nothing was counted."""
        ours, theirs = (DynamoLedger(cut_off, "state", clock) for _ in range(2))
        self.lose(ours, cut_off, clock)
        assert isinstance(wait(theirs.begin(JOB, clock.now() + 300)), Busy)
        wait(ours.probe())
        entry = begin(theirs, clock)
        assert (entry.failures, entry.attempts) == (0, 1)

    @pytest.mark.parametrize(("came_from", "failures"), [(State.WAITING, 2), (State.RUNNING, 3), (State.DEAD, 0)])
    def test_the_job_then_stands_as_it_stood_before(
        self, cut_off: Unanswered, clock: HandClock, came_from: State, failures: int
    ) -> None:
        """A death before it still counts once, a replay still begins from nothing."""
        ledger = DynamoLedger(cut_off, "state", clock)
        entry = begin(ledger, clock)
        if came_from is State.DEAD:
            wait(ledger.count_failure(entry))
            wait(ledger.finish(entry, State.DEAD, "key"))
        else:
            wait(ledger.release(entry, failures=2))
        if came_from is State.RUNNING:
            begin(ledger, clock)
            clock.moment += 301
        self.lose(ledger, cut_off, clock)
        wait(ledger.probe())
        assert begin(ledger, clock).failures == failures

    def test_a_lease_that_another_has_by_now_stays_the_others(self, cut_off: Unanswered, clock: HandClock) -> None:
        """A doubt of long ago takes nothing from anybody."""
        ours, theirs = (DynamoLedger(cut_off, "state", clock) for _ in range(2))
        self.lose(ours, cut_off, clock)
        clock.moment += 301
        begin(theirs, clock)
        wait(ours.probe())
        assert isinstance(wait(ours.begin(JOB, clock.now() + 300)), Busy)

    @pytest.mark.parametrize("is_done", [False, True], ids=["refused", "done, and the answer lost"])
    def test_a_lease_that_could_not_be_given_back_is_given_back_later(
        self, cut_off: Unanswered, clock: HandClock, is_done: bool
    ) -> None:
        """By the next probe or beginning: nobody died over the job, and what was to be counted is, once."""
        ours, theirs = (DynamoLedger(cut_off, "state", clock) for _ in range(2))
        entry = begin(ours, clock)
        for counted in (1, 2):
            cut_off.loses, cut_off.refuses = is_done, not is_done
            for failures in (1, 0):
                with pytest.raises(StoreUnavailable):
                    wait(ours.release(entry, failures=failures))
            cut_off.loses = cut_off.refuses = False
            if counted == 1:
                entry = begin(ours, clock)
            else:
                wait(ours.probe())
                entry = begin(theirs, clock)
            assert entry.failures == counted

    def test_a_write_that_is_refused_for_ever_keeps_nobody_from_work(
        self, cut_off: Unanswered, clock: HandClock
    ) -> None:
        """It is tried once more, and then let go of: its lease runs out, which counts, for no outage cut it off."""
        ledger = DynamoLedger(cut_off, "state", clock)
        entry = begin(ledger, clock)
        cut_off.refuses, whole = True, cut_off.error
        cut_off.error = ClientError({"Error": {"Code": "ValidationException"}}, "UpdateItem")
        with pytest.raises(StoreRefused):
            wait(ledger.release(entry))
        with pytest.raises(StoreRefused):
            wait(ledger.probe())
        cut_off.refuses, cut_off.error = False, whole
        wait(ledger.probe())
        clock.moment += 301
        assert begin(ledger, clock).failures == 1

    def test_who_could_not_give_a_lease_back_did_not_die(self, cut_off: Unanswered, clock: HandClock) -> None:
        """Whoever met the same outage counts nothing for a lease that ran out over it; for a later one it does."""
        ours, theirs = (DynamoLedger(cut_off, "state", clock) for _ in range(2))
        begin(ours, clock)
        clock.moment += 10
        cut_off.refuses = True
        for seconds in (0, 500):
            clock.moment += seconds
            with pytest.raises(StoreUnavailable):
                wait(theirs.probe())
        cut_off.refuses = False
        assert begin(theirs, clock).failures == 0
        for failures in (1, 2):
            clock.moment += 400
            assert begin(theirs, clock).failures == failures

    def test_a_probe_leaves_nothing_behind(self, cut_off: Unanswered, clock: HandClock) -> None:
        """It asks for a write that is never made."""
        wait(DynamoLedger(cut_off, "state", clock).probe())
        assert cut_off.scan(TableName="state")["Items"] == []
        cut_off.loses = True
        with pytest.raises(StoreUnavailable):
            wait(DynamoLedger(cut_off, "state", clock).probe())


def test_entries_expire_after_the_message_can_no_longer_come(aws: None, clock: HandClock) -> None:
    """Fourteen days on the queue and fourteen on the DLQ are outlived; then DynamoDB forgets."""
    ledger = DynamoLedger(aws_client("dynamodb"), "state", clock)
    begin(ledger, clock)
    item = aws_client("dynamodb").get_item(TableName="state", Key={"pk": {"S": Kind.JOB.key(JOB.job_id)}})["Item"]
    assert int(item["expires_at"]["N"]) == clock.now() + KEPT_SECONDS > clock.now() + 28 * 86400


def test_a_table_that_is_not_there_is_a_store_that_does_not_answer(aws: None, clock: HandClock) -> None:
    """Botocore's errors travel no further."""
    with pytest.raises(StoreUnavailable):
        wait(DynamoLedger(aws_client("dynamodb"), "elsewhere", clock).begin(JOB, 0))
