"""What each end of a job at the site asks for: retries, limits, rests, results, burials."""

import asyncio
import json
from importlib.resources import files

import fastjsonschema
import pytest

from huntaze_scraper.errors import (
    ErrorClass,
    HumanWanted,
    NoAnswer,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    TryAgain,
    TryAgainLonger,
)
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.telemetry.redaction import REDACTED
from huntaze_scraper.worker import results
from huntaze_scraper.worker.outcome import Status, Then
from tests.unit.worker.doubles import (
    SENT,
    job,
)
from tests.unit.worker.jumping_loop import run
from tests.unit.worker.processor_bench import Bench

COUNTED: list[SiteError] = [
    TryAgain("x", status=503),
    TryAgainLonger("x"),
    NoAnswer("x"),
    SignInAgain("x", status=401),
    HumanWanted("x", status=403),
    PageBroken("x"),
]
FAILURE = fastjsonschema.compile(
    json.loads(files("huntaze_scraper").joinpath("schemas/result-failure.json").read_text())
)


@pytest.mark.requirement("7.1")
def test_a_429_goes_back_for_its_retry_after_uncounted_however_often() -> None:
    """Ten 429s: no failure, no DLQ; the account rests for as long as the site said."""

    async def scenario() -> None:
        bench = Bench(*[SlowDown("slow", wait_seconds=120)] * 10, SENT)
        bench.queue.send_job()
        for number in range(10):
            outcome = await bench.process()
            assert (outcome.status, outcome.visibility_seconds) == (Status.RATE_LIMITED, 120)
            assert (bench.item()["failures"], bench.item()["rate_limits"]) == (0, number + 1)
        assert (await bench.process()).status is Status.SUCCEEDED
        assert bench.queue.buried == []

    run(scenario())


@pytest.mark.requirement("7.1", "9.6")
def test_a_limit_that_lasts_is_given_more_and_more_time_and_counts_nothing() -> None:
    """The site's word ten times; then up to an hour, however short the site's word is."""

    async def scenario() -> None:
        bench = Bench(*[SlowDown("slow", wait_seconds=1)] * 40, SENT)
        bench.queue.send_job()
        waits = [(await bench.process()).visibility_seconds for _ in range(40)]
        assert waits == [1.0] * 10 + [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0] + [3600.0] * 24
        assert (bench.item()["failures"], bench.queue.buried) == (0, [])
        assert (await bench.process()).status is Status.SUCCEEDED

    run(scenario())


@pytest.mark.requirement("7.1")
def test_a_job_that_gets_on_between_429s_waits_for_what_the_site_asks_and_no_longer() -> None:
    """Pages of a long conversation: each stop begins a new row."""

    async def scenario() -> None:
        slow = SlowDown("slow", wait_seconds=30)
        slow.advanced = True
        bench = Bench(*[slow] * 30, SENT)
        bench.queue.send_job()
        assert {(await bench.process()).visibility_seconds for _ in range(30)} == {30}
        assert bench.item()["rate_limits"] == 1

    run(scenario())


@pytest.mark.requirement("7.1")
def test_an_account_that_was_asked_to_slow_down_gets_no_new_work_until_then() -> None:
    """Its next message goes back for what is left of the pause, and another account's is done."""

    async def scenario() -> None:
        bench = Bench(SlowDown("slow", wait_seconds=120), SENT)
        bench.queue.send_job()
        await bench.processor.process(await bench.receive())
        await asyncio.sleep(20)
        bench.queue.send_job(message_content="second", creator_id="creator-2")
        assert (await bench.processor.process(await bench.receive())).status is Status.SUCCEEDED
        bench.queue.records.clear()
        bench.queue.send_job(message_content="third")
        outcome = await bench.processor.process(await bench.receive())
        assert outcome.status is Status.RETURNED
        assert outcome.visibility_seconds == pytest.approx(100)
        assert len(bench.carrier.carried) == 2

    run(scenario())


@pytest.mark.requirement("7.3")
@pytest.mark.parametrize("error", [Refused("blocked", status=403), Refused("gone", status=404)])
def test_another_4xx_is_logged_kept_as_result_and_deleted(error: Refused) -> None:
    """Ordinary answers: never retried, no failure counted."""

    async def scenario() -> None:
        bench = Bench(error)
        bench.queue.send_job()
        outcome = await bench.process()
        assert (outcome.status, outcome.then) == (Status.REJECTED, Then.DELETE)
        document = FAILURE(bench.store.document(results.key("creator-1", job().job_id)))
        assert document["error"]["class"] == "client_error"
        assert document["error"]["status"] == error.status
        assert bench.queue.buried == []

    run(scenario())


@pytest.mark.requirement("4.5")
@pytest.mark.parametrize("error", COUNTED, ids=lambda each: type(each).__name__)
def test_the_third_counted_failure_moves_a_job_to_the_dlq_with_its_reasons(error: SiteError) -> None:
    """A minute, two minutes, then the DLQ: with reason, class, status and result key; the original is deleted."""

    async def scenario() -> None:
        bench = Bench(error)
        bench.queue.send_job()
        outcomes = []
        for _ in range(3):
            outcomes.append(await bench.process())
            bench.pauses.paused.clear()
        assert [each.status for each in outcomes] == [Status.FAILED, Status.FAILED, Status.DEAD]
        assert [each.visibility_seconds for each in outcomes[:2]] == [60, 120]
        ((message, attributes),) = bench.queue.buried
        assert json.loads(message.body) == bench.carrier.carried[0].payload
        assert attributes == {
            "reason": "x",
            "error_class": str(error.error_class),
            "status": str(error.status or ""),
            "result_key": results.key("creator-1", job().job_id),
        }
        FAILURE(bench.store.document(attributes["result_key"]))
        assert bench.item()["state"] is State.DEAD
        assert bench.queue.records == []

    run(scenario())


@pytest.mark.requirement("4.5")
def test_what_an_error_quotes_of_a_page_hides_secrets_wherever_it_is_kept() -> None:
    """In the result and in the dead letter as in the log: a page may show what it was sent."""

    async def scenario() -> None:
        bench = Bench(
            PageBroken('the page shows "p\\u00e4\\"ss-word-1"', request="GET /p%C3%A4%22ss-word-1"), max_failures=1
        )
        bench.redactor.learn('pä"ss-word-1')
        bench.queue.send_job()
        await bench.process()
        ((_, attributes),) = bench.queue.buried
        kept = bench.store.document(attributes["result_key"])["error"]
        assert (kept["reason"], kept["request"]) == (f'the page shows "{REDACTED}"', f"GET /{REDACTED}")
        assert attributes["reason"] == kept["reason"]

    run(scenario())


def test_repeated_failures_back_off_up_to_twelve_hours_where_more_than_three_are_allowed() -> None:
    """MAX_FAILURES decides how far it goes: with the 3 that ship, a minute and two; with 14, all the way."""

    async def scenario() -> None:
        bench = Bench(TryAgain("x", status=503), max_failures=14)
        bench.queue.send_job()
        outcomes = [await bench.process() for _ in range(14)]
        waits = [each.visibility_seconds for each in outcomes[:-1]]
        assert waits == [60.0 * 2**number for number in range(10)] + [43200.0] * 3
        assert outcomes[-1].status is Status.DEAD

    run(scenario())


def test_a_challenge_lets_the_account_rest_for_all_tasks() -> None:
    """The pause lies in the shared store; the next job of the account is not even tried."""

    async def scenario() -> None:
        bench = Bench(HumanWanted("a human is wanted", status=403))
        bench.queue.send_job()
        await bench.processor.process(await bench.receive())
        bench.queue.records.clear()
        bench.queue.send_job(message_content="next")
        outcome = await bench.processor.process(await bench.receive())
        assert (outcome.status, outcome.visibility_seconds) == (Status.RETURNED, 3600)
        assert len(bench.carrier.carried) == 1

    run(scenario())


@pytest.mark.requirement("9.6")
def test_a_refused_log_in_lets_its_account_rest_and_no_job_is_deleted_for_it() -> None:
    """Longer each time, over all of its jobs, until one succeeds; another account's go on."""

    async def scenario() -> None:
        refused = SignInAgain("the site refuses the log-in", status=403)
        bench = Bench(refused, refused, refused, refused, SENT, refused)
        bench.queue.send_job()
        outcomes = [await bench.process() for _ in range(3)]
        assert [each.status for each in outcomes] == [Status.FAILED, Status.FAILED, Status.DEAD]
        assert [each.visibility_seconds for each in outcomes[:2]] == [60, 120]
        assert len(bench.queue.buried) == 1
        bench.queue.send_job(message_content="second")
        assert (await bench.process()).visibility_seconds == 480
        assert (await bench.process()).status is Status.SUCCEEDED
        bench.queue.send_job(message_content="third")
        assert (await bench.process()).visibility_seconds == 60

    run(scenario())


def test_a_site_that_shows_something_else_is_an_unknown_failure() -> None:
    """Data against the result's schema is not kept as a success."""

    async def scenario() -> None:
        bench = Bench({**SENT, "message_id": ""})
        bench.queue.send_job()
        outcome = await bench.process()
        assert (outcome.status, outcome.error_class) == (Status.FAILED, ErrorClass.UNKNOWN)

    run(scenario())


def test_a_broken_pages_picture_lies_beside_the_result() -> None:
    """Each unknown failure keeps its evidence, and the last one's result names it."""

    async def scenario() -> None:
        error = PageBroken("missing selector")
        error.picture = b"PNG"
        bench = Bench(error)
        bench.queue.send_job()
        await bench.process()
        key = f"{results.prefix('creator-1', job().job_id)}/failure.png"
        assert bench.store.objects[key] == (b"PNG", "image/png")
        await bench.process()
        await bench.process()
        document = FAILURE(bench.store.document(results.key("creator-1", job().job_id)))
        assert document["error"]["screenshot"] == f"s3://bucket/{key}"

    run(scenario())


def test_a_message_without_a_job_is_rejected_with_its_reason_as_result() -> None:
    """Invalid payload is a client error: logged, result written, deleted."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send('{"action": "dance"}', group_id="../../etc")
        outcome = await bench.process()
        assert (outcome.status, outcome.then) == (Status.REJECTED, Then.DELETE)
        document = FAILURE(bench.store.document("results/%2E%2E%2F%2E%2E%2Fetc/d-1.json"))
        assert "schema" in document["error"]["reason"]

    run(scenario())
