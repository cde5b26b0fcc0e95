"""Jobs in the console, in a real browser: sent, watched, found again among many, opened, looked into."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from emulator.console.reading import traces
from emulator.harness.artefacts import known_secrets
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run
from emulator.harness.site_control import SiteControl
from huntaze_scraper.operations.incident.reading import read_bundle
from tests.integration.console_page import HOSTILE, HOSTILE_NAME, OpenPage, message, press, profile, said
from tests.integration.deep_queue import BATCH

pytestmark = pytest.mark.browser

MANY = 10_000


def test_a_job_is_sent_watched_and_opened(open_page: OpenPage) -> None:
    """From the map: send one, see it arrive in the list by itself, open it, read its way and its result."""
    page = open_page("/")
    press(page, "Send")
    expect(said(page)).to_contain_text("sent job")
    row = page.get_by_role("row").filter(has_text="creator-01").first
    expect(row).to_contain_text("done")
    expect(page.get_by_label("Map of the pipeline")).to_contain_text(re.compile(r"[1-9]\d* runs? in 5 min"))

    row.get_by_role("link").click()

    expect(page.get_by_text("scraper: done")).to_be_visible()
    expect(page.locator(".fall")).to_contain_text("waits for its turn")
    expect(page.locator(".fall")).to_contain_text("succeeded")
    expect(page.get_by_label("Result")).to_contain_text('"status": "succeeded"')


def test_the_waterfall_has_a_row_for_each_wait_attempt_request_and_write(
    open_page: OpenPage, pipeline: Pipeline, site: SiteControl
) -> None:
    """A job whose first attempts met 503: what failed, how long it was away, and what the one that went through did."""
    site.faults({"match": {"path": "/creator-02"}, "fault": {"kind": "status", "status": 503}, "times": 4})
    job = pipeline.send(profile())
    page = open_page("/")
    pipeline.await_results([job], 120)

    page.goto(f"{page.url}jobs/{job.job_id}")

    fall = page.locator(".fall")
    for title in ("waits for its turn", "attempt that failed", "away until it comes back", "attempt"):
        expect(fall.get_by_text(title, exact=True).first).to_be_visible()
    expect(fall).to_contain_text(re.compile("the site's error 503"))
    steps = fall.locator("span.step")
    expect(steps.filter(has_text="GET /{profile} 503").first).to_be_visible()
    expect(steps.filter(has_text="GET /{profile} 200").first).to_be_visible()
    expect(steps.filter(has_text=re.compile(r"S3 image/png, \d+ bytes")).first).to_be_visible()
    assert fall.locator("rect.step").count() == steps.count() > 2
    expect(fall).to_contain_text("virtual")
    expect(fall).to_contain_text("wall")


def test_a_jobs_pictures_are_shown(open_page: OpenPage, pipeline: Pipeline) -> None:
    """What the page of the site looked like stands beside the result."""
    job = pipeline.send(profile())
    pipeline.await_results([job])

    picture = open_page(f"/jobs/{job.job_id}").get_by_role("img", name="What the page looked like")

    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("it => it.naturalWidth") > 100


def test_a_jobs_trace_is_shown(open_page: OpenPage, pipeline: Pipeline, console: Run) -> None:
    """In Playwright's viewer, at another origin: what the browser did, what the page looked like, and no secret."""
    job = pipeline.send(profile())
    pipeline.await_results([job])
    page = open_page(f"/jobs/{job.job_id}")

    with page.expect_popup() as opened:
        page.get_by_role("link", name="show the trace").click()

    viewer = opened.value
    actions = viewer.get_by_role("treeitem")
    expect(actions.filter(has_text="/creator-02").first).to_be_visible()
    actions.filter(has_text="Screenshot").last.click()
    expect(viewer.frame_locator("iframe.snapshot-visible").locator("body")).to_contain_text("@creator-02")
    assert not page.url.startswith(f"{viewer.evaluate('location.origin')}/")
    assert viewer.evaluate("window.opener") is None
    secrets = {it.encode() for it in known_secrets.of(console)}
    for file in (traces.folder() / job.job_id).glob("*.zip"):
        with zipfile.ZipFile(file) as archive:
            assert not [it for it in archive.namelist() for secret in secrets if secret in archive.read(it)]


def test_a_job_without_a_trace_says_how_to_have_one(open_page: OpenPage, pipeline: Pipeline) -> None:
    """And leads back."""
    with pipeline.without_scraper():
        job = pipeline.send(message())
        page = open_page(f"/jobs/{job.job_id}/trace")

        expect(page.get_by_text("a trace begins with its first attempt")).to_be_visible()
        page.get_by_role("link", name="Back").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(job.job_id[:16])


def test_a_job_is_sent_again(open_page: OpenPage, pipeline: Pipeline, site: SiteControl) -> None:
    """As a job of its own: the fan has the text twice, because somebody asked for it."""
    first = pipeline.send(message("once more"))
    pipeline.await_results([first])
    page = open_page(f"/jobs/{first.job_id}")

    press(page, "Send again")

    expect(said(page)).to_contain_text("a copy of")
    page.goto(page.url.rpartition("/")[0])
    expect(page.get_by_role("row").filter(has_text="done")).to_have_count(2)
    assert [it["text"] for it in site.messages()] == ["once more", "once more"]


def test_a_job_is_saved_as_an_incident(open_page: OpenPage, pipeline: Pipeline) -> None:
    """As a bundle that can be read and replayed; the page says by which command."""
    job = pipeline.send(message("to be looked into"))
    pipeline.await_results([job])
    page = open_page(f"/jobs/{job.job_id}")

    press(page, "Save as incident")

    expect(said(page)).to_contain_text("./huntaze incident replay")
    bundle = read_bundle(Path((said(page).text_content() or "").rpartition("incident replay ")[2].strip()))
    assert [it.end for it in bundle.expected.jobs] == ["done"]


def test_jobs_are_filtered(open_page: OpenPage, pipeline: Pipeline) -> None:
    """By account, action, state and an error's words; an address holds the filter."""
    sent = [pipeline.send(it) for it in (message(), message(creator="creator-02"), profile("/nobody-at-all"))]
    pipeline.await_results(sent, 120)
    page = open_page("/jobs")
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))

    def choose(label: str, option: str) -> None:
        page.wait_for_load_state()  # from then on a choice is a filter
        page.get_by_label(label).select_option(option)

    expect(rows).to_have_count(3)

    page.get_by_label("Account").fill("creator-02")
    press(page, "Filter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("creator-02")
    assert "account=creator-02" in page.url

    page.get_by_label("Account").fill("")
    press(page, "Filter")
    expect(rows).to_have_count(3)
    choose("Action", "scrape_profile")
    expect(rows).to_have_count(1)
    why = rows.locator("td").last.inner_text()
    assert why

    choose("Action", "any")
    expect(rows).to_have_count(3)
    choose("State", "rejected")
    expect(rows).to_have_count(1)

    choose("State", "any")
    expect(rows).to_have_count(3)
    page.get_by_label("Error says").fill(why[:12].upper())
    press(page, "Filter")
    expect(rows).to_have_count(1)
    page.get_by_label("Error says").fill("no error says so")
    press(page, "Filter")
    expect(page.get_by_text("No job is like that")).to_be_visible()


def test_among_ten_thousand_jobs_the_page_stays_quick_to_read(open_page: OpenPage, many_jobs: int) -> None:
    """The newest are there, older ones a link away, and a filter that fits none says how far it looked."""
    page = open_page("/jobs")
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows).to_have_count(50)
    newest = rows.first.inner_text()

    page.get_by_role("link", name="Older").click()

    expect(rows).to_have_count(50)
    assert rows.first.inner_text() != newest
    page.goto(f"{page.url.partition('?')[0]}?skip={many_jobs - 20}")
    expect(rows).to_have_count(20)
    page.wait_for_load_state()
    page.get_by_label("State").select_option("dead")
    expect(page.get_by_text(re.compile(r"among the newest 2\d{3}"))).to_be_visible()


@pytest.fixture
def many_jobs(pipeline: Pipeline) -> Iterator[int]:
    """MANY jobs that wait for their turn, while nobody takes them."""
    lambda_, sqs = pipeline.clients.lambda_, pipeline.clients.sqs
    mappings = [it["UUID"] for it in lambda_.list_event_source_mappings()["EventSourceMappings"]]
    for each in mappings:
        lambda_.update_event_source_mapping(UUID=each, Enabled=False)
    for start in range(0, MANY, BATCH):
        entries: Any = [
            {"Id": str(it), "MessageBody": json.dumps(message(f"{it}", timestamp="2026-01-01T00:00:00Z"))}
            for it in range(start, start + BATCH)
        ]
        sqs.send_message_batch(QueueUrl=pipeline.run.ingress_queue_url, Entries=entries)
    yield MANY
    pipeline.forget()
    for each in mappings:
        lambda_.update_event_source_mapping(UUID=each, Enabled=True)


def test_what_jobs_say_stays_text(open_page: OpenPage, pipeline: Pipeline) -> None:
    """A fan, an account and a message that are scripts are shown as what they are, on every page that shows them."""
    run = pipeline.run
    told = message(HOSTILE, fan=HOSTILE_NAME, metadata={"correlation_id": HOSTILE})
    job = pipeline.send(told)
    pipeline.send(message(creator=HOSTILE_NAME))
    for body in (HOSTILE, json.dumps(told)):
        run.clients.sqs.send_message(
            QueueUrl=run.ingress_dlq_url,
            MessageBody=body,
            MessageAttributes={"reason": {"DataType": "String", "StringValue": HOSTILE}},
        )
    pipeline.await_results([job])

    for path in ("/", "/jobs", f"/jobs/{job.job_id}", "/queues/ingress-dlq", f"/jobs?text={HOSTILE}", "/pictures"):
        page = open_page(path)
        page.wait_for_function("document.readyState === 'complete'")
        assert page.evaluate("window.hacked") is None, path
        assert page.locator("main script, main img[onerror]").count() == 0, path
    expect(open_page(f"/jobs/{job.job_id}").get_by_label("Payload")).to_contain_text(HOSTILE_NAME)
    expect(open_page("/jobs").get_by_role("row").filter(has_text=HOSTILE_NAME).first).to_be_visible()
