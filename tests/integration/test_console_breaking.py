"""The console's other hand, in a real browser: what is broken and healed, letters, time, and how alarms are drawn."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from emulator.harness import places
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.run_file import Run
from emulator.harness.victims import Victims
from tests.integration.console_page import OpenPage, message, press, profile, said

pytestmark = pytest.mark.browser


def form(page: Page, title: str) -> Locator:
    """Return the part of the page with that heading."""
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_the_site_is_broken_and_healed(open_page: OpenPage, pipeline: Pipeline) -> None:
    """The job meets the fault, which the page counts; when all is ended, the job goes through."""
    page = open_page("/break")
    page.get_by_label("Path").fill("/creator-02")
    press(page, "Break the site")
    expect(said(page)).to_contain_text("the site: status")
    job = pipeline.send(profile())
    expect(page.get_by_text(re.compile("[1-9] times"))).to_be_visible()

    press(page, "End all of it")

    expect(page.get_by_text("In force nothing")).to_be_visible()
    assert pipeline.await_results([job], 120)[job.job_id]["status"] == "succeeded"


def test_a_bad_rule_is_refused_with_what_would_be_right(open_page: OpenPage) -> None:
    """The site's own words come through."""
    page = open_page("/break")
    page.get_by_label("Its options").fill('{"status": 99}')

    press(page, "Break the site")

    expect(said(page)).to_have_class(re.compile("bad"))
    expect(said(page)).to_contain_text("status")


def test_one_button_ends_all_that_is_broken(open_page: OpenPage, console: Run) -> None:
    """A rule of the site, its own limit, an outage, a throttle and a wrong clock: each is told while it is in force."""
    page = open_page("/break")
    press(page, "Break the site")
    expect(said(page)).to_contain_text("the site: status")
    limit = form(page, "The site's own limit")
    limit.get_by_label("Requests").fill("7")
    limit.get_by_role("button").click()
    expect(said(page)).to_contain_text("7 requests in 60 s")
    service = form(page, "A service")
    service.get_by_label("Seconds").fill("3000")
    service.get_by_label("Service").select_option("s3")
    service.get_by_role("button").click()
    expect(said(page)).to_contain_text("s3 is down")
    service.get_by_label("Service").select_option("secretsmanager")
    service.get_by_label("How").select_option("throttle")
    service.get_by_role("button").click()
    expect(said(page)).to_contain_text("secretsmanager throttles 50%")
    page.get_by_label("The limiter's clock is wrong by").fill("20")
    press(page, "Put it wrong")
    expect(said(page)).to_contain_text("20 s wrong")

    force = form(page, "In force 5")
    for text in ("status", "7 in 1 min", "s3 is down for", "secretsmanager", "the limiter's clock is wrong"):
        expect(force).to_contain_text(text)
    assert len(broken(console)) == 5
    page.goto(console.console_url)
    expect(page.get_by_label("Map of the pipeline")).to_contain_text("5 broken")
    page.goto(f"{console.console_url}break")

    press(page, "End all of it")

    expect(page.get_by_text("In force nothing")).to_be_visible()
    assert broken(console) == []


def broken(run: Run) -> list[Any]:
    """Ask those who would know what is broken."""
    found = run.clients.lambda_.get_function_configuration(FunctionName=run.lambda_function)
    return [
        *httpx.get(f"{run.site_url}/_control/faults").json(),
        *filter(None, [httpx.get(f"{run.site_url}/_control/limits").json()]),
        *httpx.get(f"{run.aws_endpoint_url}/_emulator/outages").json()["outages"],
        *httpx.get(f"{run.aws_endpoint_url}/_emulator/faults").json()["rules"],
        *(it for it in found["Environment"]["Variables"] if it == "VCLOCK_SKEW_SECONDS"),
    ]


def test_processes_are_killed_and_come_back(open_page: OpenPage, pipeline: Pipeline, console: Run) -> None:
    """A task, its Chromium, the limiter, and Spot: the map shows another task, and jobs go through after all of it."""
    pipeline.await_results([pipeline.send(message())])
    before = {it.pid for it in Victims(console).tasks()}
    page = open_page("/break")
    for button, told in (
        ("Kill the limiter", "killed: limiter"),
        ("Kill its Chromium", "killed: browser"),
        ("Kill a task", "killed: task"),
        ("Interrupt Spot", "Spot tasks have two minutes"),
    ):
        press(page, button)
        expect(said(page)).to_contain_text(told)

    pipeline.await_results([pipeline.send(message("after all that"))], 120)
    assert not before & {it.pid for it in Victims(console).tasks()}
    page.goto(console.console_url)
    expect(page.get_by_label("Map of the pipeline")).to_contain_text(re.compile(r"[1-9] of [1-9] tasks?"))


def letter(pipeline: Pipeline, text: str) -> SentJob:
    """Lay a job on the ingress queue's dead letters."""
    sent = pipeline.send(message(text))
    pipeline.await_results([sent])
    body = pipeline.journal(pipeline.run.workflows_queue_url)[-1]["body"]
    pipeline.clients.sqs.send_message(
        QueueUrl=pipeline.run.ingress_dlq_url,
        MessageBody=body.replace(f'"{text}"', f'"{text} again"'),
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "put there by a test"}},
    )
    return sent


def test_a_dead_letter_is_shown_and_replayed(open_page: OpenPage, pipeline: Pipeline, site: Any) -> None:
    """From the map to the queue; what lies there is seen without being received, and a replay sends it on its way."""
    letter(pipeline, "good day")
    page = open_page("/")
    page.get_by_role("link", name=re.compile("Ingress DLQ: 1 visible")).click()
    page.get_by_text("put there by a test").first.click()
    expect(page.get_by_label("Body")).to_contain_text('"message_content": "good day again"')
    assert pipeline.journal(pipeline.run.ingress_dlq_url)[-1]["receive_count"] == 0

    press(page, "Replay")

    expect(page.get_by_text("Holds 0")).to_be_visible()
    page.goto(f"{page.url.rpartition('/queues')[0]}/jobs")
    expect(page.get_by_role("row").filter(has_text="done")).to_have_count(2)
    assert [it["text"] for it in site.messages()] == ["good day", "good day again"]


def test_a_dead_letter_is_dropped_and_a_copy_kept(open_page: OpenPage, pipeline: Pipeline) -> None:
    """It is gone from the queue, and stands in a file."""
    letter(pipeline, "not wanted")
    page = open_page("/queues/ingress-dlq")
    page.get_by_text("put there by a test").first.click()

    press(page, "Drop, keep a copy")

    expect(page.get_by_text("Holds 0")).to_be_visible()
    copies = (places.state_directory() / "dropped").glob("console-*.jsonl")
    assert any("not wanted again" in it.read_text() for it in copies)


def test_time_is_paused_and_goes_on(open_page: OpenPage, clock: Any) -> None:
    """The strip says so, and the clock stands meanwhile."""
    page = open_page("/")
    strip = page.get_by_label("Clock")
    press(page, "Pause")
    expect(strip).to_contain_text("paused")
    stands = clock.now()
    assert clock.now() == stands

    press(page, "Go on")

    expect(strip).not_to_contain_text("paused")


@pytest.mark.parametrize(("button", "seconds"), [("1 min", 60), ("5 min", 300)])
def test_time_goes_ahead(open_page: OpenPage, clock: Any, button: str, seconds: int) -> None:
    """By so much at least, while time otherwise stands."""
    page = open_page("/")
    before = clock.now()

    press(page, f"+{button}")

    expect(said(page)).to_contain_text(f"time went {button} ahead")
    assert clock.now() - before >= seconds


def test_time_goes_to_what_is_due_and_until_all_is_settled(open_page: OpenPage, clock: Any) -> None:
    """Somebody always waits for something; after it, nobody works."""
    page = open_page("/")
    expect(page.get_by_label("Clock")).to_contain_text(re.compile("next: .+ in "))
    before = clock.now()
    press(page, "To the next due")
    expect(said(page)).to_contain_text(re.compile("time went [0-9.]+ (ms|s) ahead"))
    assert clock.now() > before

    press(page, "Until settled")

    expect(said(page)).to_contain_text("nothing that is due is left to do")


def test_time_goes_at_the_walls_pace_or_leaps(open_page: OpenPage, clock: Any) -> None:
    """The strip tells which, and the clock obeys."""
    page = open_page("/")
    strip = page.get_by_label("Clock")
    press(page, "Real time")
    expect(strip).to_contain_text("real time")
    assert clock.state().speed == 1

    press(page, "Leap over waits")

    expect(strip).to_contain_text("auto")
    assert clock.state().speed == "auto"


def test_a_button_that_has_the_focus_says_what_it_does_now(open_page: OpenPage, clock: Any) -> None:
    """It is morphed like all others, and keeps the focus."""
    page = open_page("/")
    page.get_by_role("button", name="Real time", exact=True).focus()

    clock.set_speed(1)

    expect(page.get_by_role("button", name="Leap over waits", exact=True)).to_be_focused()
    clock.set_speed("auto")


def test_alarms_are_coloured_and_drawn_over_time(open_page: OpenPage, emulator: Any, clock: Any) -> None:
    """One that goes off: loud on the map, and a stretch of its own beside the quiet before."""
    found = emulator.cloudwatch.describe_alarms()["MetricAlarms"]
    name = next(it["AlarmName"] for it in found if not it["AlarmName"].startswith("TargetTracking-"))
    emulator.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="quiet")
    page = open_page("/")
    clock.pause()  # the next look would find it quiet
    emulator.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    expect(page.locator(".tag.ALARM").filter(has_text=name).first).to_be_visible()

    page.goto(f"{page.url}pictures")

    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("a drill")
    expect(row.get_by_role("img", name=re.compile("OK, then ALARM$"))).to_be_visible()
    assert row.locator("rect.ALARM").evaluate("it => getComputedStyle(it).fill") != row.locator(
        "rect.OK"
    ).first.evaluate("it => getComputedStyle(it).fill")


def test_pictures_tell_what_happened(open_page: OpenPage, pipeline: Pipeline, clock: Any) -> None:
    """Two jobs that went through and one that could not: counted over virtual time, beside the limit."""
    pipeline.await_results([pipeline.send(it) for it in (message("1"), message("2"), profile("/nobody-at-all"))], 120)
    clock.advance(180)
    page = open_page("/pictures")

    outcomes = page.get_by_role("img", name=re.compile("^Attempts that ended"))
    expect(outcomes).to_have_attribute("aria-label", re.compile(r"succeeded: ([2-9]|\d\d+) in all"))
    expect(outcomes).to_have_attribute("aria-label", re.compile(r"rejected: [1-9]\d* in all"))
    expect(form(page, "Turns of the limit a minute")).to_contain_text("limit: ")
    assert page.locator("svg.chart path.line").evaluate_all("all => all.filter(it => it.getAttribute('d')).length") > 4
