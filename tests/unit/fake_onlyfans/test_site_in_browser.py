"""The site in a real Chromium: what its scripts do, and what its faults do to a browser."""

from collections.abc import Callable

import pyotp
import pytest
from hostile_texts import HOSTILE
from playwright.sync_api import Error, Page, expect
from visitor import POSTS, Visitor, rule

import fake_onlyfans
from fake_onlyfans import Account, RunningSite

pytestmark = pytest.mark.browser

type Open = Callable[..., Page]


@pytest.fixture
def opened(page: Page, creator: Visitor, fake: RunningSite) -> Open:
    """Opens a path in the browser, signed in as the account."""
    page.context.add_cookies([{"name": "sess", "value": creator.cookies["sess"], "url": fake.url}])

    def open_path(path: str) -> Page:
        page.goto(f"{fake.url}{path}")
        return page

    return open_path


def send(page: Page, text: str) -> None:
    """Type a text and click."""
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-send").click()


def sign_in(page: Page, fake: RunningSite, account: Account) -> None:
    """Fill in the form."""
    page.goto(f"{fake.url}/login")
    page.locator("input[name=username]").fill(account.username)
    page.locator("input[name=password]").fill(account.password)
    page.locator("button[type=submit]:visible").click()


def test_the_form_signs_in(page: Page, fake: RunningSite, account: Account) -> None:
    """Name and password, then the root."""
    sign_in(page, fake, account)

    page.wait_for_url(f"{fake.url}/")
    expect(page.get_by_test_id("home")).to_contain_text(account.display_name)


def test_the_form_asks_for_the_second_factor(page: Page, fake: RunningSite) -> None:
    """The code's field comes after the password; a wrong code is said, a right one signs in."""
    account = fake_onlyfans.accounts()[2]
    sign_in(page, fake, account)
    code = page.locator("input[name=code]")
    code.fill("000000")
    page.locator("button[type=submit]:visible").click()
    expect(page.get_by_test_id("login-error")).to_be_visible()
    expect(page.get_by_test_id("login-error")).to_have_attribute("data-status", "401")

    code.fill(pyotp.TOTP(account.totp_secret or "").now())
    page.locator("button[type=submit]:visible").click()

    page.wait_for_url(f"{fake.url}/")


def test_a_wrong_password_is_said(page: Page, fake: RunningSite, account: Account) -> None:
    """The page stays, with the status."""
    sign_in(page, fake, account._replace(password="wrong"))

    expect(page.get_by_test_id("login-error")).to_have_attribute("data-status", "401")
    assert page.url == f"{fake.url}/login"


def test_every_hostile_text_arrives_as_typed_and_is_shown_so(opened: Open, creator: Visitor) -> None:
    """In the site's books exactly as the field held it, on the page now and after a reload."""
    page = opened("/my/chats/chat/fan-001")
    typed = []
    for text in HOSTILE:
        page.get_by_test_id("chat-input").fill(text)
        typed.append(page.get_by_test_id("chat-input").input_value())
        with page.expect_response("**/messages") as answer:
            page.get_by_test_id("chat-send").click()
        item = page.locator(f'[data-message-id="{answer.value.json()["id"]}"]')
        expect(item).to_have_attribute("data-author", "me")
        assert item.locator(".text").evaluate("each => each.textContent") == typed[-1]

    assert creator.accepted() == typed
    page.reload()
    shown = (
        page.get_by_test_id("chat-message").locator(".text").evaluate_all("all => all.map(each => each.textContent)")
    )
    assert shown[-len(typed) :] == typed


def test_a_long_conversation_opens_with_its_end_and_shows_more_when_asked(opened: Open, account: Account) -> None:
    """Oldest first; the earlier ones come before."""
    fan = max(account.fans, key=lambda fan: fan.message_count)
    page = opened(f"/my/chats/chat/{fan.username}")
    messages = page.get_by_test_id("chat-message")
    expect(messages).to_have_count(30)
    oldest = messages.first.get_attribute("data-message-id")

    page.get_by_role("button", name="Earlier messages").click()

    expect(messages).to_have_count(80)
    ids = messages.evaluate_all("all => all.map(each => Number(each.dataset.messageId))")
    assert ids == sorted(ids)
    assert ids[50] == int(oldest or 0)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "status", "status": 429}, "429"),
        ({"kind": "status", "status": 503}, "503"),
        ({"kind": "status", "status": 201, "body": {}}, "201"),
        ({"kind": "expire_session"}, "401"),
        ({"kind": "challenge"}, "403"),
        ({"kind": "truncate"}, "201"),
        ({"kind": "reset"}, "0"),
        ({"kind": "reset", "when": "after"}, "0"),
    ],
    ids=str,
)
def test_what_goes_wrong_with_a_message_is_shown_with_its_status(
    opened: Open, creator: Visitor, fault: dict[str, object], status: str
) -> None:
    """The error appears with the status, 0 where no answer came; the text stays in the field, the site saw one request."""
    page = opened("/my/chats/chat/fan-001")
    before = page.get_by_test_id("chat-message").count()
    creator.set_faults({"match": POSTS, "fault": fault, "times": 1})

    send(page, "hello")

    expect(page.get_by_test_id("chat-error")).to_be_visible()
    expect(page.get_by_test_id("chat-error")).to_have_attribute("data-status", status)
    expect(page.get_by_test_id("chat-input")).to_have_value("hello")
    expect(page.get_by_test_id("chat-message")).to_have_count(before)
    assert sum(each["method"] == "POST" and "chats" in each["path"] for each in creator.control("requests")) == 1


def test_the_next_try_clears_the_error(opened: Open, creator: Visitor) -> None:
    """The message appears, the error goes."""
    page = opened("/my/chats/chat/fan-001")
    creator.set_faults(rule("status", POSTS, times=1, status=500))
    send(page, "hello")
    expect(page.get_by_test_id("chat-error")).to_be_visible()

    page.get_by_test_id("chat-send").click()

    expect(page.get_by_test_id("chat-message").last.locator(".text")).to_have_text("hello")
    expect(page.get_by_test_id("chat-error")).to_be_hidden()
    expect(page.get_by_test_id("chat-input")).to_have_value("")
    assert creator.accepted() == ["hello"]


def test_a_blocked_fan_is_said(opened: Open, account: Account) -> None:
    """403, in words."""
    page = opened(f"/my/chats/chat/{next(fan.username for fan in account.fans if fan.blocked)}")

    send(page, "hello")

    expect(page.get_by_test_id("chat-error")).to_have_attribute("data-status", "403")


def test_an_unannounced_reset_makes_chromium_send_a_message_twice(opened: Open, creator: Visitor) -> None:
    """Why ``reset`` announces itself: on a connection that it had open, the browser repeats even a POST by itself."""
    page = opened("/my/chats/chat/fan-001")
    send(page, "first")
    expect(page.get_by_test_id("chat-message").last.locator(".text")).to_have_text("first")
    creator.set_faults(rule("reset", POSTS, times=1, when="after", unannounced=True))

    send(page, "second")

    expect(page.get_by_test_id("chat-message").last.locator(".text")).to_have_text("second")
    assert creator.accepted() == ["first", "second", "second"]


@pytest.mark.parametrize("kind", ["reset", "hang"])
def test_a_page_that_is_not_answered_fails_to_open(opened: Open, creator: Visitor, kind: str) -> None:
    """An error at once, or when the browser has waited enough; never a page."""
    creator.set_faults(rule(kind, {"path": "/creator-01"}, times=1))
    opened("/my/chats").context.set_default_navigation_timeout(500)

    with pytest.raises(Error, match=r"ERR_CONNECTION_RESET|Timeout"):
        opened("/creator-01")

    assert [each["status"] for each in creator.control("requests") if each["path"] == "/creator-01"] == [None]


def test_crash_kills_the_renderer_and_no_more(opened: Open, creator: Visitor) -> None:
    """Playwright says that the page crashed; the browser lives and opens the next one."""
    creator.set_faults(rule("crash", {"path": "/creator-01"}, times=1))
    page = opened("/my/chats")
    context = page.context
    with pytest.raises(Error, match="crashed"):
        opened("/creator-01")

    page.close()
    another = context.new_page()
    another.goto(f"{creator.fake.url}/creator-01")

    expect(another.get_by_test_id("profile-name")).to_be_visible()


def test_drift_leaves_nothing_for_a_scraper_and_all_for_a_person(opened: Open, creator: Visitor) -> None:
    """The test ids are gone; who reads the page can still write."""
    creator.set_faults(rule("drift"))
    page = opened("/my/chats/chat/fan-001")

    expect(page.locator("[data-testid], [data-message-id], .text")).to_have_count(0)
    page.get_by_label("Message").fill("by hand")
    page.get_by_role("button", name="Post").click()

    expect(page.get_by_text("by hand")).to_be_visible()
    assert creator.accepted() == ["by hand"]


def test_people_see_the_site_from_inside_as_it_changes(page: Page, creator: Visitor) -> None:
    """The page at the root refreshes itself, without a trace in the requests."""
    page.goto(f"{creator.fake.url}/")
    expect(page.get_by_text("No message has been sent yet.")).to_be_visible()

    creator.write("fan-007", "look here")

    expect(page.get_by_text("look here")).to_be_visible()
    assert [each["path"] for each in creator.control("requests")].count("/") == 1


def test_people_can_break_and_mend_the_site_by_hand(page: Page, creator: Visitor) -> None:
    """Faults are added to those in force and removed one by one; a wrong one is explained."""
    creator.set_faults(rule("hang", {"path": "/x"}))
    page.goto(f"{creator.fake.url}/_control/")
    page.get_by_label("Fault").select_option("delay")
    page.get_by_label("Seconds").fill("2.5")
    page.get_by_label("Path").fill("/media/*")
    page.get_by_label("Account").select_option("creator-02")
    page.get_by_label("Times").fill("0")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text('"times" is 0')
    page.get_by_label("Times").fill("3")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("seconds 2.5")).to_be_visible()

    page.get_by_role("button", name="Remove").first.click()

    expect(page.get_by_role("button", name="Remove")).to_have_count(1)
    (left,) = creator.control("faults")
    assert left["match"] == {"path": "/media/*", "account": "creator-02"}
    assert (left["fault"]["kind"], left["fault"]["seconds"], left["times"]) == ("delay", 2.5, 3)


def test_a_person_changes_the_password(opened: Open, account: Account) -> None:
    """By the form of the account's page."""
    page = opened("/account/password")
    page.get_by_label("Current password").fill(account.password)
    page.get_by_label("New password").fill("something longer")
    page.get_by_role("button", name="Change password").click()

    expect(page.get_by_test_id("password-changed")).to_be_visible()
    expect(opened("/my/chats").get_by_role("heading", name="Messages")).to_be_visible()
