"""The pauses' promises: kept in DynamoDB, against moto, also where each first answer is lost, and in memory."""

from asyncio import run as wait

import pytest

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.worker.pauses import DynamoPauses, Pauses
from tests.unit.answers import EachTwice
from tests.unit.aws import aws_client
from tests.unit.hand_clock import HandClock
from tests.unit.worker.doubles import MemoryPauses


@pytest.fixture(params=["memory", "aws", "aws, each first answer lost"])
def pauses(request: pytest.FixtureRequest, clock: HandClock) -> Pauses:
    if request.param == "memory":
        return MemoryPauses()
    request.getfixturevalue("aws")
    client = aws_client("dynamodb")
    return DynamoPauses(client if request.param == "aws" else EachTwice(client), "state", clock)


def test_a_pause_lasts_until_its_time_and_a_shorter_one_does_not_cut_it(pauses: Pauses, clock: HandClock) -> None:
    """The longest word of the site counts, for one account alone."""
    assert wait(pauses.until("a")) <= clock.now()
    wait(pauses.pause("a", clock.now() + 100, "challenge"))
    wait(pauses.pause("a", clock.now() + 50, "slow"))
    assert wait(pauses.until("a")) == clock.now() + 100
    assert wait(pauses.until("b")) <= clock.now()


def test_an_account_that_cannot_be_signed_in_rests_longer_each_time(pauses: Pauses, clock: HandClock) -> None:
    """From a minute to an hour, however late the next try comes; from the beginning after a job that succeeded."""
    rests = []
    for _ in range(8):
        rests.append(wait(pauses.rest("a", "wrong password")))
        clock.moment += rests[-1] + 1
    assert rests == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert wait(pauses.rest("b", "wrong password")) == 60
    wait(pauses.recovered("a"))
    wait(pauses.recovered("c"))
    assert wait(pauses.rest("a", "wrong password")) == 60


def test_a_rest_is_known_to_all_tasks_as_is_its_end(aws: None, clock: HandClock) -> None:
    """It cuts no longer pause, and a task that never saw it begin lets its account recover."""
    first, second = (DynamoPauses(aws_client("dynamodb"), "state", clock) for _ in range(2))
    wait(first.rest("a", "wrong password"))
    assert wait(second.until("a")) == clock.now() + 60
    wait(second.recovered("a"))
    wait(first.pause("a", clock.now() + 500, "challenge"))
    assert wait(first.rest("a", "wrong password")) == 60
    assert wait(second.until("a")) == clock.now() + 60, "as it was at most five seconds ago"
    clock.moment += 6
    assert wait(second.until("a")) == clock.now() + 494


def test_pauses_in_a_table_that_is_not_there_are_not_known(aws: None, clock: HandClock) -> None:
    """Botocore's errors travel no further."""
    with pytest.raises(StoreUnavailable):
        wait(DynamoPauses(aws_client("dynamodb"), "elsewhere", clock).until("a"))
