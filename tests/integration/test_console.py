"""The console's page itself, in a real browser: for whom it is there, what it outlives, and what it lets nobody do."""

import json
import re
from itertools import product

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.routing import Route

from emulator.console.reading.place import Place, of_harness, on_aws
from emulator.console.web import changes
from emulator.console.web.server import ConsoleServer
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run
from huntaze_scraper.operations.errors import TellOperator
from tests.integration.console_page import PATIENCE_MS, OpenPage, press, profile, said
from tests.patience import until

pytestmark = pytest.mark.browser

PAGES = ("/", "/jobs", "/pictures", "/break", "/queues/ingress", "/queues/ingress-dlq")


def test_a_change_needs_the_pages_token(console: Run) -> None:
    """Another program of this machine that does not know it changes nothing."""
    answer = httpx.post(f"{console.console_url}clock", data={"do": "pause", "token": "guessed"})

    assert answer.status_code == 403


def test_two_pages_tell_the_same(open_page: OpenPage, console: Run) -> None:
    """What is sent on one arrives on the other by itself."""
    page = open_page("/")
    other = page.context.new_page()
    other.goto(f"{console.console_url}jobs")
    press(page, "Send")

    expect(other.get_by_role("row").filter(has_text="creator-01")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="creator-01")).to_have_count(1)


def test_a_message_of_200_kib_is_shown(open_page: OpenPage, pipeline: Pipeline) -> None:
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


def reload_until(page: Page, place: str, text: str) -> None:
    """Ask for the page again, as a person does where nothing is live, until it says so."""
    until(lambda: page.reload() and text in page.locator(place).inner_text(), 60, f"{text!r} on the page")


def test_it_is_whole_without_javascript(browser: Browser, console: Run, pipeline: Pipeline) -> None:
    """Plain forms send a job, break the site, heal it, turn time and drop a letter; the page that comes back tells it."""
    pipeline.clients.sqs.send_message(QueueUrl=console.ingress_dlq_url, MessageBody="nonsense")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(console.console_url)
    press(page, "Send")
    expect(said(page)).to_contain_text("sent job")
    reload_until(page, "table", "done")
    page.get_by_role("row").get_by_role("link").first.click()
    reload_until(page, ".fall", "succeeded")
    press(page, "+1 min")
    expect(said(page)).to_contain_text("time went 1 min ahead")

    page.get_by_role("link", name="Break something").click()
    press(page, "Break the site")
    expect(page.get_by_text("In force 1")).to_be_visible()
    press(page, "End all of it")
    expect(page.get_by_text("In force nothing")).to_be_visible()

    page.goto(f"{console.console_url}queues/ingress-dlq")
    page.locator("summary").click()
    press(page, "Drop, keep a copy")
    expect(page.get_by_text("Holds 0")).to_be_visible()
    assert page.url.endswith("/queues/ingress-dlq")
    context.close()


def test_it_is_accessible(open_page: OpenPage, pipeline: Pipeline) -> None:
    """Axe's rules are clean on every page, wide and narrow, light and dark, and no page is wider than its window."""
    job = pipeline.send(profile())
    pipeline.await_results([job], 120)
    pipeline.clients.sqs.send_message(
        QueueUrl=pipeline.run.ingress_dlq_url,
        MessageBody="x" * 1000,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "y" * 200}},
    )
    page = open_page("/break")
    press(page, "Break the site")
    expect(said(page)).to_contain_text("the site: status")
    for path in (*PAGES, "/jobs?account=nobody", "/queues/nowhere", f"/jobs/{job.job_id}"):
        page = open_page(path)
        for summary in page.locator("summary").all():
            summary.click()
        for width, scheme in product((1280, 390), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}, {width}, {scheme}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def tab_to(page: Page, target: Locator) -> None:
    """Go on with the keyboard until that has the focus, which can be seen."""
    expect(target).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("it => it === document.activeElement"):
            break
    expect(target).to_be_focused()
    assert target.evaluate("it => getComputedStyle(it).outlineStyle") != "none"


def test_the_keyboard_is_enough(open_page: OpenPage, pipeline: Pipeline) -> None:
    """Skip to the content, send a job, open it, break the site and heal it, drop a letter: without a mouse."""
    pipeline.clients.sqs.send_message(QueueUrl=pipeline.run.ingress_dlq_url, MessageBody="nonsense")
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Send", exact=True))
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("sent job")
    row = page.get_by_role("row").filter(has_text="creator-01").first
    expect(row).to_contain_text("done")

    page.reload()
    tab_to(page, page.get_by_role("link", name=re.compile("Ingress DLQ")))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#live details[id^=letter] summary"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Drop, keep a copy"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Holds 0")).to_be_visible()

    tab_to(page, page.get_by_role("link", name="Break something"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Fault"))
    page.keyboard.type("delay")
    tab_to(page, page.get_by_label("Its options"))
    page.keyboard.press("Control+A")
    page.keyboard.type('{"seconds": 1}')
    page.keyboard.press("Enter")
    expect(page.get_by_text("In force 1")).to_be_visible()
    page.reload()
    tab_to(page, page.get_by_role("button", name="End all of it"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("In force nothing")).to_be_visible()

    page.goto(page.url.replace("/break", "/jobs"))
    tab_to(page, page.get_by_role("row").get_by_role("link").first)
    page.keyboard.press("Enter")
    expect(page.locator(".fall")).to_contain_text("succeeded")


def test_over_aws_it_shows_all_and_changes_nothing(
    page: Page, harness: Harness, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the session's credentials alone: what would change something is not even routed."""
    job = pipeline.send(profile())
    pipeline.await_results([job], 120)
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
        for path in ("", "jobs", "pictures", f"jobs/{job.job_id}"):
            page.goto(server.url + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_label("Clock")).to_contain_text("AWS's own clock")
            assert page.locator("form[method=post]").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        expect(page.locator(".fall")).to_contain_text("succeeded")
        expect(page.get_by_label("Result")).to_contain_text('"status": "succeeded"')
        page.goto(server.url)
        expect(page.get_by_label("Map of the pipeline")).to_contain_text(re.compile("[1-9] of [1-9] tasks?"))
        page.goto(f"{server.url}jobs")
        expect(page.get_by_role("row").filter(has_text="creator-01")).to_contain_text("done")
        changing = [it.path for it in changes.routes(server.console) if isinstance(it, Route)]
        assert len(changing) >= 10
        for path in changing:
            assert httpx.post(server.url.rstrip("/") + path, data={"do": "pause"}).status_code in (404, 405), path
        assert httpx.get(f"{server.url}break").status_code == 404
        assert httpx.get(f"{server.url}queues/ingress").status_code == 404
    finally:
        server.stop()
