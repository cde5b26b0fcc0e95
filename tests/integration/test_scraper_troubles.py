"""The scraper as a process whose account, or whose Playwright driver, is in trouble."""

import psutil
import pytest

from huntaze_scraper import names
from tests.integration.scraper_task import Cloud, Task, wait_for
from tests.processes import descendants, kill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.requirement("9.6")
def test_a_refused_log_in_keeps_the_job_and_lets_the_account_rest(cloud: Cloud) -> None:
    """One failure is counted, nothing is deleted or told as rejected, and another account's job is done."""
    cloud.secret(
        {"username": "creator-02", "password": cloud.site.accounts["creator-02"].password},
        f"{names.CREDENTIALS}/creator-02",
    )
    cloud.fault(
        {
            "match": {"method": "POST", "path": "/api/login", "account": "creator-01"},
            "fault": {"kind": "status", "status": 403},
        }
    )
    refused = cloud.send()
    other = cloud.send(creator_id="creator-02")
    task = cloud.start()
    assert cloud.await_result(other)["status"] == "succeeded"
    cloud.ends(lambda: task.events("account_rests"), "the account's rest")
    cloud.ends(lambda: len(task.events("job_ended")) >= 2, "the end of both")
    (item,) = (item for item in cloud.items("job#") if item["account"]["S"] == "creator-01")
    assert (item["state"]["S"], item["failures"]["N"]) == ("waiting", "1")
    assert cloud.result(refused) is None
    attributes = cloud.sqs.get_queue_attributes(QueueUrl=cloud.settings.workflows_queue_url, AttributeNames=["All"])
    assert attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"
    (rest,) = cloud.items("pause#")
    assert (rest["pk"]["S"], float(rest["rest_seconds"]["N"])) == ("pause#creator-01", 60)
    assert not task.events("circuit_breaker_changed")


def driver_of(task: Task) -> psutil.Process:
    """The node process between the worker and Chromium."""
    return next(descendants(task.process.pid, "run-driver", recursive=False))


@pytest.mark.requirement("7.4")
def test_a_killed_driver_costs_no_job_and_no_task(cloud: Cloud) -> None:
    """While the worker waits for work, twice, and while a page is open."""
    task = cloud.start()
    assert cloud.await_result(cloud.send(message_content="first"))["status"] == "succeeded"
    for text in ("second", "third"):
        kill(driver_of(task))
        assert cloud.await_result(cloud.send(message_content=text))["status"] == "succeeded"
    cloud.fault({"match": {"path": "/my/chats/*"}, "fault": {"kind": "delay", "seconds": 4}, "times": 1})
    asked = len(cloud.site.exchanges)
    job = cloud.send(message_content="fourth")
    wait_for(lambda: len(cloud.site.exchanges) > asked, "the page")
    kill(driver_of(task))
    assert cloud.await_result(job)["status"] == "succeeded"
    assert cloud.sent == ["first", "second", "third", "fourth"]
    assert not task.events("unexpected_error")
    assert task.stop() == 0
