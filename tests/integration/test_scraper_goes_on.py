"""A job that is stopped in the middle goes on where it stopped: the scraper as a process, at a fake site."""

from collections import Counter
from typing import Any

import pytest

from fake_onlyfans.conversations import Conversations
from tests.integration.scraper_task import Cloud, Task, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.requirement("9.8")]


def limit(cloud: Cloud, requests: int, per_seconds: float, path: str) -> None:
    cloud.site.control.limits(requests, per_seconds, path=path)


def pages_given(cloud: Cloud) -> Counter[str]:
    """Return how often the site gave each page of messages."""
    return Counter(
        each.query
        for each in cloud.site.exchanges
        if each.method == "GET" and each.path.startswith("/api/chats/") and each.status == 200
    )


def long_conversation(cloud: Cloud) -> tuple[str, list[str]]:
    """Return the creator's most talkative fan, and the ids of the conversation."""
    account = cloud.site.accounts["creator-01"]
    fan = max(account.fans, key=lambda each: each.message_count)
    return fan.username, [each.id for each in Conversations(1, cloud.clock.now).thread(account, fan)]


def test_a_limit_of_the_site_costs_a_long_conversation_waits_and_no_page_twice(cloud: Cloud) -> None:
    """Some 500 messages at three requests in two seconds: each page is given once."""
    fan, ids = long_conversation(cloud)
    limit(cloud, 3, 2, "/api/chats/*")
    job = cloud.send(action="get_messages", user_id=fan)
    cloud.start()
    data = cloud.await_result(job)["data"]
    assert [each["id"] for each in data["messages"]] == ids
    assert len(ids) > 300
    given = pages_given(cloud)
    assert set(given.values()) == {1}
    assert any(each.status == 429 for each in cloud.site.exchanges)


def test_a_worker_killed_between_two_pages_costs_one_page_at_most(cloud: Cloud) -> None:
    """SIGKILL, then another worker: the conversation is whole."""
    fan, ids = long_conversation(cloud)
    rule = {"match": {"path": "/api/chats/*", "nth": [5]}, "fault": {"kind": "hang"}}
    cloud.fault(rule)
    job = cloud.send(action="get_messages", user_id=fan)
    task = cloud.start()
    cloud.ends(lambda: cloud.site.rules[0]["fired"], "the fifth page")
    task.kill()
    cloud.start()
    assert [each["id"] for each in cloud.await_result(job)["data"]["messages"]] == ids
    assert set(pages_given(cloud).values()) == {1}


def files_given(cloud: Cloud) -> Counter[str]:
    """Return how often the site gave each file."""
    given = (each for each in cloud.site.exchanges if each.path.startswith("/media/") and each.status == 200)
    return Counter(each.path for each in given)


def small_files(cloud: Cloud, number: int) -> list[str]:
    return [f"/media/{name}" for name in cloud.site.media if name.endswith(".jpg")][:number]


def test_a_limit_of_the_site_costs_a_download_waits_and_no_file_twice(cloud: Cloud) -> None:
    """Thirty files at ten in two seconds: each is given once, and the result tells of all, in order."""
    urls = small_files(cloud, 30)
    limit(cloud, 10, 2, "/media/*")
    job = cloud.send(action="download_media", media_urls=urls)
    cloud.start()
    files = cloud.await_result(job)["data"]["files"]
    assert [(each["index"], each["url"]) for each in files] == [*enumerate(f"{cloud.site.url}{url}" for url in urls)]
    assert files_given(cloud) == Counter(urls)
    assert any(each.status == 429 for each in cloud.site.exchanges)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_worker_that_ends_in_the_middle_of_a_download_costs_the_file_under_way(cloud: Cloud, how: str) -> None:
    """SIGKILL or SIGTERM at the twentieth of thirty files; a refused one is not asked for again either."""
    urls = small_files(cloud, 30)
    urls[3:3] = ["http://[::1", "/media/none.jpg"]
    cloud.fault({"match": {"path": "/media/*", "nth": [20]}, "fault": {"kind": "hang"}})
    job = cloud.send(action="download_media", media_urls=urls)
    task = cloud.start(STOP_TIMEOUT_SECONDS="3")
    cloud.ends(lambda: cloud.site.rules[0]["fired"], "the twentieth file")
    task.kill() if how == "kill" else task.stop(25)
    cloud.start()
    result = cloud.await_result(job)
    assert result["status"] == "rejected"
    assert result["error"]["reason"] == (
        "2 of 32 files refused; first: media_urls number 4: the media address cannot be read"
    )
    assert [each["index"] for each in result["data"]["files"]] == [0, 1, 2, *range(5, 32)]
    assert [(each["index"], each.get("status")) for each in result["data"]["refused"]] == [(3, None), (4, 404)]
    assert files_given(cloud) == Counter(url for url in urls if url.endswith(".jpg") and "none" not in url)
    assert sum(each.path == "/media/none.jpg" for each in cloud.site.exchanges) == 1


def ended_downloads(task: Task) -> list[dict[str, Any]]:
    return [each for each in task.events("job_ended") if each["action"] == "download_media"]


def test_four_files_that_drip_keep_no_page_from_another_creator(cloud: Cloud) -> None:
    """A byte in ten seconds, with a length and without: the fifth creator's message goes at once, and they are stopped."""
    files = small_files(cloud, 4)
    drips = [
        {"match": {"path": file}, "fault": {"kind": "drip", "seconds": 10, "announced": bool(number % 2)}}
        for number, file in enumerate(files)
    ]
    cloud.fault(*drips)
    for number, file in enumerate(files, 1):
        cloud.send(creator_id=f"creator-{number:02d}", action="download_media", media_urls=[file])
    task = cloud.start()
    wait_for(lambda: all(rule["fired"] for rule in cloud.site.rules), "four files that drip")
    given_back = ended_downloads(task)  # before they dripped: a slow machine's log-in outlasts its turn
    message = cloud.send(creator_id="creator-05")
    wait_for(lambda: cloud.result(message), "the fifth creator's message")
    assert (cloud.result(message) or {})["status"] == "succeeded"
    assert ended_downloads(task) == given_back
    assert task.stop(60) == 0
