"""What a replay begins with, from what a bundle holds."""

from typing import Any

from emulator.incidents.stage import at_site, grown_accounts, shifted
from huntaze_scraper.operations.incident.bundle import SentJob, StateItem
from tests.unit.incidents.recorded import answer

T0, NOW = 1_774_747_800.0, 1_800_000_000.0
AWAY = NOW - T0


def job(account: str, action: str, **body: Any) -> SentJob:
    """A recorded job."""
    return SentJob(
        at_seconds=1, queue="ingress", message_id="m", job_id="", account=account, action=action, body={**body}
    )


def item(key: str, *, as_of: Any = "t0", table: Any = "state", **values: Any) -> StateItem:
    """A recorded item."""
    return StateItem(table=table, key=key, as_of=as_of, item=values)


def test_the_site_grows_whom_the_jobs_name() -> None:
    """Accounts, those whom they write to, files that they fetch, profiles that they look at; each once."""
    jobs = (
        job("a", "send_message", user_id="f1"),
        job("a", "get_messages", user_id="f1"),
        job("a", "send_message", user_id="f2"),
        job("b", "download_media", media_urls=["https://site.invalid/media/q%20r.jpg?x=1", "http://[::1"]),
        job("b", "scrape_profile", profile_url="https://site.invalid/c"),
        job("", "", text="no job at all"),
    )

    assert grown_accounts(jobs, ()) == {
        "a": {"fans": ["f1", "f2"], "media": [], "second_factor": False},
        "b": {"fans": [], "media": ["q r.jpg"], "second_factor": False},
        "c": {"fans": [], "media": [], "second_factor": False},
    }


def test_whoever_was_asked_for_a_second_factor_has_one() -> None:
    """Else none would be asked for, and what the site said to it would meet nobody."""
    jobs = (job("a", "send_message", user_id="f"), job("b", "send_message", user_id="f"))
    asked = answer(2, 401, ("POST", "/api/login/{name}"), account="a")
    signed_in = answer(1, 200, ("POST", "/api/login"), account="b")

    found = grown_accounts(jobs, (asked, signed_in))

    assert {name: it["second_factor"] for name, it in found.items()} == {"a": True, "b": False}


def test_addresses_lead_to_the_site_here() -> None:
    """What is no address stays what it is: it may have been the cause."""
    body = {"profile_url": "https://site.invalid/c", "media_urls": ["https://x/media/a.jpg?k=1", "http://[::1", "/m"]}

    assert at_site(body, "http://127.0.0.1:8300") == {
        "profile_url": "http://127.0.0.1:8300/c",
        "media_urls": ["http://127.0.0.1:8300/media/a.jpg?k=1", "http://[::1", "/m"],
    }
    assert at_site("not JSON", "http://127.0.0.1:8300") == "not JSON"


def test_moments_of_the_state_go_with_the_clock() -> None:
    """Seconds, milliseconds, in lists and objects; counts, ids and dates of another age stay."""
    items = (
        item(
            "job#x",
            lease_until=T0 + 5.5,
            attempts=3,
            is_held=True,
            slots=[int(T0 * 1000) - 60_000, 7],
            progress={"at": int(T0), "page": 2},
            born=1,
        ),
    )

    assert shifted(items, T0, NOW) == {
        "job#x": {
            "lease_until": T0 + AWAY + 5.5,
            "attempts": 3,
            "is_held": True,
            "slots": [int(T0 * 1000 + AWAY * 1000) - 60_000, 7],
            "progress": {"at": int(T0 + AWAY), "page": 2},
            "born": 1,
        }
    }


def test_only_what_stood_in_the_state_table_at_t0_is_restored() -> None:
    """Not what came of the incident, not other jobs that waited in the line, and never a session."""
    items = (item("pause#a", as_of="capture"), item("line", table="line"), item("session#a", version=1))

    assert shifted(items, T0, NOW) == {}
