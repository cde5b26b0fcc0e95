"""The console over a running harness, in a real browser, as a person uses it."""

import json
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from emulator.console.reading.place import Place, of_harness, on_aws
from emulator.console.web.server import ConsoleServer, console_over
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run
from emulator.harness.site_control import SiteControl
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.incident.reading import read_bundle

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
PAGES = ("/", "/jobs", "/pictures", "/break", "/queues/ingress", "/queues/workflows-dlq")
HOSTILE = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def console(harness: Harness) -> Iterator[Run]:
    """The console over the session's harness."""
    with console_over(harness.run) as run:
        yield run


@pytest.fixture
def open_page(page: Page, console: Run, pipeline: Pipeline) -> Callable[[str], Page]:
    """Opens a page of the console, over an empty pipeline."""
    page.set_default_timeout(PATIENCE_MS)

    def opened(path: str = "/") -> Page:
        page.goto(console.console_url.rstrip("/") + path)
        return page

    return opened


def message(text: str = "Hi", creator: str = "creator-01", **more: Any) -> dict[str, Any]:
    """Return a job."""
    return {"action": "send_message", "creator_id": creator, "user_id": "fan-001", "message_content": text, **more}


def said(page: Page) -> Locator:
    """Return where the page says what it did."""
    return page.get_by_role("status")


def test_a_job_is_sent_watched_and_opened(open_page: Callable[..., Page]) -> None:
    """From the map: send one, see it arrive in the list by itself, open it, read its way and its result."""
    page = open_page()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(said(page)).to_contain_text("sent job")
    row = page.get_by_role("row").filter(has_text="creator-01").first
    expect(row).to_contain_text("done")
    expect(page.get_by_label("Map of the pipeline")).to_contain_text(re.compile(r"[1-9]\d* runs? in 5 min"))

    row.get_by_role("link").click()

    expect(page.get_by_text("scraper: done")).to_be_visible()
    expect(page.locator(".fall")).to_contain_text("waits for its turn")
    expect(page.locator(".fall")).to_contain_text("succeeded")
    expect(page.locator(".fall")).to_contain_text("POST /api/chats/{fan}/messages 20")
    expect(page.get_by_label("Result")).to_contain_text('"status": "succeeded"')


def test_a_job_is_sent_again(open_page: Callable[..., Page], pipeline: Pipeline, site: SiteControl) -> None:
    """As a job of its own: the fan has the text twice, because somebody asked for it."""
    first = pipeline.send(message("once more"))
    pipeline.await_results([first])
    page = open_page(f"/jobs/{first.job_id}")

    page.get_by_role("button", name="Send again").click()

    expect(said(page)).to_contain_text("a copy of")
    page.goto(page.url.rpartition("/")[0])
    expect(page.get_by_role("row").filter(has_text="done")).to_have_count(2)
    assert [it["text"] for it in site.messages()] == ["once more", "once more"]


def test_a_job_is_saved_as_an_incident(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """As a bundle that can be read and replayed; the page says by which command."""
    job = pipeline.send(message("to be looked into"))
    pipeline.await_results([job])
    page = open_page(f"/jobs/{job.job_id}")

    page.get_by_role("button", name="Save as incident").click()

    expect(said(page)).to_contain_text("./huntaze incident replay")
    bundle = read_bundle(Path((said(page).text_content() or "").rpartition("incident replay ")[2].strip()))
    assert [it.end for it in bundle.expected.jobs] == ["done"]


def test_a_jobs_pictures_are_shown(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """What the page of the site looked like stands beside the result."""
    job = pipeline.send({"action": "scrape_profile", "creator_id": "creator-01", "profile_url": "/creator-02"})
    pipeline.await_results([job])

    picture = open_page(f"/jobs/{job.job_id}").get_by_role("img", name="What the page looked like")

    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("it => it.naturalWidth") > 100


def test_jobs_are_filtered(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """By account, by action, by state; an address holds the filter."""
    pipeline.await_results([pipeline.send(message(creator=f"creator-0{number}")) for number in (1, 2)])
    page = open_page("/jobs")

    page.get_by_label("Account").fill("creator-02")
    page.get_by_role("button", name="Filter").click()

    expect(page.get_by_role("row").filter(has_text="creator-02")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="creator-01")).to_have_count(0)
    assert "account=creator-02" in page.url


def test_the_site_is_broken_and_healed(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """The job meets the fault, which the page counts; when all is ended, the job goes through."""
    page = open_page("/break")
    page.get_by_label("Path").fill("/creator-02")
    page.get_by_role("button", name="Break the site").click()
    expect(said(page)).to_contain_text("the site: status")
    job = pipeline.send({"action": "scrape_profile", "creator_id": "creator-01", "profile_url": "/creator-02"})
    expect(page.get_by_text(re.compile("[1-9] times"))).to_be_visible()

    page.get_by_role("button", name="End all of it").click()

    expect(page.get_by_text("In force nothing")).to_be_visible()
    assert pipeline.await_results([job], 120)[job.job_id]["status"] == "succeeded"


def test_a_bad_rule_is_refused_with_what_would_be_right(open_page: Callable[..., Page]) -> None:
    """The site's own words come through."""
    page = open_page("/break")
    page.get_by_label("Its options").fill('{"status": 99}')

    page.get_by_role("button", name="Break the site").click()

    expect(said(page)).to_have_class(re.compile("bad"))
    expect(said(page)).to_contain_text("status")


def test_time_is_paused_and_goes_on(open_page: Callable[..., Page], clock: Any) -> None:
    """The strip says so, and the clock stands meanwhile."""
    page = open_page()
    strip = page.get_by_label("Clock")
    strip.get_by_role("button", name="Pause").click()
    expect(strip).to_contain_text("paused")
    stands = clock.now()
    assert clock.now() == stands

    strip.get_by_role("button", name="Go on").click()

    expect(strip).not_to_contain_text("paused")


def test_a_dead_letter_is_shown_and_replayed(open_page: Callable[..., Page], pipeline: Pipeline, console: Run) -> None:
    """What lies there is seen without being received; a replay sends it on its way again."""
    job = pipeline.send(
        {"action": "send_message", "creator_id": "creator-03", "user_id": "fan-001", "message_content": "x"}
    )
    pipeline.await_results([job])
    run = console
    body = pipeline.journal(run.workflows_queue_url)[-1]["body"]
    run.clients.sqs.send_message(
        QueueUrl=run.ingress_dlq_url,
        MessageBody=body.replace('"x"', '"y"'),
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "put there by a test"}},
    )
    page = open_page("/queues/ingress-dlq")
    page.get_by_text("put there by a test").first.click()
    expect(page.get_by_label("Body")).to_contain_text('"message_content": "y"')
    assert pipeline.journal(run.ingress_dlq_url)[-1]["receive_count"] == 0

    page.get_by_role("button", name="Replay").click()

    expect(page.get_by_text("Holds 0")).to_be_visible()


def test_what_jobs_say_stays_text(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """A fan and a message that are scripts are shown as what they are, on every page that shows them."""
    job = pipeline.send(message(HOSTILE, metadata={"correlation_id": HOSTILE}))
    run = pipeline.run
    run.clients.sqs.send_message(
        QueueUrl=run.ingress_dlq_url,
        MessageBody=HOSTILE,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": HOSTILE}},
    )
    pipeline.await_results([job])

    for path in ("/", "/jobs", f"/jobs/{job.job_id}", "/queues/ingress-dlq", f"/jobs?text={HOSTILE}"):
        page = open_page(path)
        page.wait_for_function("document.readyState === 'complete'")
        assert page.evaluate("window.hacked") is None
    expect(open_page(f"/jobs/{job.job_id}").get_by_label("Payload")).to_contain_text("<script>")


def test_it_is_whole_without_javascript(browser: Browser, console: Run, pipeline: Pipeline) -> None:
    """A plain form sends a job, and the page that comes back tells it."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(console.console_url)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(said(page)).to_contain_text("sent job")
    deadline = time.monotonic() + 60
    while "done" not in page.locator("table").inner_text() and time.monotonic() < deadline:
        page.reload()
    expect(page.locator("table")).to_contain_text("done")
    context.close()


def test_it_is_accessible(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """Axe's rules are clean on every page, wide and narrow, light and dark, and no page is wider than its window."""
    job = pipeline.send(message())
    pipeline.await_results([job])
    for path in (*PAGES, f"/jobs/{job.job_id}"):
        page = open_page(path)
        for width, scheme in product((1280, 390), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}, {width}, {scheme}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_the_keyboard_is_enough(open_page: Callable[..., Page]) -> None:
    """Skip to the content, choose a page, send a job: without a mouse."""
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "job":
            break
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_focused()

    page.keyboard.press("Enter")

    expect(said(page)).to_contain_text("sent job")


def test_a_change_needs_the_pages_token(console: Run) -> None:
    """Another program of this machine that does not know it changes nothing."""
    answer = httpx.post(f"{console.console_url}clock", data={"do": "pause", "token": "guessed"})

    assert answer.status_code == 403


def test_two_pages_tell_the_same(open_page: Callable[..., Page], console: Run) -> None:
    """What is sent on one arrives on the other by itself."""
    page = open_page()
    other = page.context.new_page()
    other.goto(f"{console.console_url}jobs")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(other.get_by_role("row").filter(has_text="creator-01")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="creator-01")).to_have_count(1)


def test_a_message_of_200_kib_is_shown(open_page: Callable[..., Page], pipeline: Pipeline) -> None:
    """Whole, on a page that is no wider for it."""
    body = json.dumps({"message_content": "x" * 200 * 1024})
    pipeline.clients.sqs.send_message(QueueUrl=pipeline.run.ingress_dlq_url, MessageBody=body)
    page = open_page("/queues/ingress-dlq")
    page.locator("summary").first.click()

    expect(page.get_by_label("Body")).to_contain_text("x" * 1024)
    assert len(page.get_by_label("Body").inner_text()) > 200 * 1024
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_page_outlives_the_harness_and_finds_the_next(page: Page, harness: Harness) -> None:
    """A page that is open says that nobody answers, then why, and shows the next harness without being asked."""
    is_up = [True]

    def find() -> Place:
        if not is_up[0]:
            raise TellOperator("no harness is up: start one")
        return of_harness(harness.run)

    first = ConsoleServer(find)
    first.start()
    port = first.port
    page.set_default_timeout(PATIENCE_MS)
    page.goto(first.url)
    expect(page.get_by_label("Map of the pipeline")).to_be_visible()

    first.stop()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The harness does not answer")
    is_up[0] = False
    second = ConsoleServer(find, port=port)
    second.start()
    try:
        expect(page.get_by_text("no harness is up: start one")).to_be_visible()
        is_up[0] = True
        expect(page.get_by_label("Map of the pipeline")).to_be_visible()
        expect(alert).to_be_hidden()
    finally:
        second.stop()


def test_over_aws_it_shows_all_and_changes_nothing(
    page: Page, harness: Harness, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the session's credentials alone: what would change something is not even routed."""
    pipeline.await_results([pipeline.send(message())])
    for name, value in {
        "AWS_ENDPOINT_URL": harness.run.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": harness.run.region,
    }.items():
        monkeypatch.setenv(name, value)
    server = ConsoleServer(on_aws, can_change=False)
    server.start()
    try:
        for path in ("", "jobs", "pictures"):
            page.goto(server.url + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert page.locator("form[method=post]").count() == 0
        page.goto(f"{server.url}jobs")
        expect(page.get_by_role("row").filter(has_text="creator-01")).to_contain_text("done")
        for path in (
            "clock",
            "jobs",
            "jobs/again",
            "letters",
            "break/site",
            "break/service",
            "break/processes",
            "break/end",
        ):
            assert httpx.post(server.url + path, data={"do": "pause"}).status_code in (404, 405)
        assert httpx.get(f"{server.url}break").status_code == 404
    finally:
        server.stop()
