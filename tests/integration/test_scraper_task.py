"""The scraper as a process that is stopped, killed and lied to."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from emulator.harness.clients import http_client
from huntaze_scraper import names
from huntaze_scraper.state.keys import Kind
from tests.integration.scraper_task import Cloud, Task, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SEND = {"method": "POST", "path": "/api/chats/*/messages"}


def rule(match: dict[str, str], times: int | None = 1, **fault: Any) -> dict[str, Any]:
    return {"match": match, "fault": fault, "times": times}


def has_asked(cloud: Cloud, method: str, path: str) -> Callable[[], bool]:
    return lambda: any(each.method == method and each.path.startswith(path) for each in cloud.site.exchanges)


MOMENTS: dict[str, tuple[list[dict[str, Any]], Callable[[Cloud], Callable[[], Any]]]] = {
    "before it has the job": ([], lambda cloud: lambda: cloud.tasks[0].events("browser_started")),
    "while it signs in": (
        [rule({"path": "/api/login"}, kind="delay", seconds=5)],
        lambda cloud: has_asked(cloud, "POST", "/api/login"),
    ),
    "while it opens the chat": (
        [rule({"path": "/my/chats/*"}, kind="delay", seconds=5)],
        lambda cloud: has_asked(cloud, "GET", "/my/chats"),
    ),
    "when it is about to click": (
        [],
        lambda cloud: lambda: any("effect_mark" in item for item in cloud.items(Kind.JOB.prefix)),
    ),
    "after the click, before the site has acted": (
        [rule(SEND, kind="hang")],
        lambda cloud: has_asked(cloud, "POST", "/api/chats"),
    ),
    "after the site has acted, before its answer": (
        [rule(SEND, kind="hang", when="after")],
        lambda cloud: lambda: cloud.sent,
    ),
    "as soon as the message is there": ([], lambda cloud: lambda: cloud.sent),
    "when the result is there": (
        [],
        lambda cloud: lambda: cloud.clients["s3"].list_objects_v2(Bucket="results")["KeyCount"],
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_at_any_moment_leaves_the_fan_with_exactly_one_message(cloud: Cloud, moment: str) -> None:
    """Kill -9, redelivery, another worker: one message, one result, nothing left in the queue."""
    rules, comes = MOMENTS[moment]
    cloud.fault(*rules)
    job = cloud.send()
    killed = cloud.start()
    wait_for(comes(cloud), moment)
    killed.kill()
    cloud.end_log_in_leases()
    cloud.fault()
    cloud.start()
    assert cloud.await_result(job)["status"] == "succeeded"
    cloud.await_empty()
    assert cloud.sent == ["hello"]


@pytest.mark.requirement("9.5", "6.5")
def test_a_post_that_hangs_while_its_worker_is_stopped_is_waited_for_by_the_next(cloud: Cloud) -> None:
    """A deployment in the middle of it; the site acts seconds later, when the new worker has long had the job."""
    settings = {"STOP_TIMEOUT_SECONDS": "4", "LATE_EFFECT_SECONDS": "12"}
    cloud.fault(rule(SEND, kind="commit_late", seconds=10, answer={"kind": "hang"}))
    job = cloud.send()
    stopped = cloud.start(**settings)
    wait_for(has_asked(cloud, "POST", "/api/chats"), "the post")
    assert stopped.stop() == 0
    assert cloud.sent == []
    (item,) = cloud.items("job#")
    assert (item["state"]["S"], item["failures"]["N"]) == ("waiting", "0")
    assert float(item["effect_until"]["N"]) > cloud.clock.now() + 5
    cloud.start(**settings)
    assert cloud.await_result(job)["data"]["found_in_conversation"]
    cloud.await_empty()
    assert cloud.sent == ["hello"]


@pytest.mark.requirement("6.5")
def test_sigterm_finishes_what_runs_hands_the_rest_back_and_exits_with_0(cloud: Cloud) -> None:
    """The job under way is done; the two behind it are there for others at once, and no Chromium is left."""
    cloud.fault(rule(SEND, kind="delay", seconds=4))
    done, *_ = [cloud.send(message_content=text) for text in ("first", "second", "third")]
    task = cloud.start()
    wait_for(has_asked(cloud, "POST", "/api/chats"), "the first click")
    port = task.events("worker_started")[0]["health_port"]
    health = http_client.get(f"http://127.0.0.1:{port}/health")
    assert health.status_code == 200
    assert health.json() | {"in_hand": 3} == {
        "status": "ok",
        "stopping": False,
        "browser": "running",
        "polling": "ok",
        "breaker": "closed",
        "missing": [],
        "in_hand": 3,
        "jobs": [{"job_id": done.job_id, "action": "send_message"}],
    }
    assert task.stop() == 0
    assert cloud.await_result(done)["status"] == "succeeded"
    assert cloud.sent == ["first"]
    found = cloud.sqs.receive_message(
        QueueUrl=cloud.settings.workflows_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
    )["Messages"]
    assert [json.loads(message["Body"])["message_content"] for message in found] == ["second", "third"]
    assert [line["event"] for line in task.lines][-1] == "worker_stopped"
    assert cloud.clients["cloudwatch"].list_metrics(Namespace="Huntaze/OnlyFans")["Metrics"]


@pytest.mark.requirement("6.5")
def test_a_job_that_outlasts_the_grace_goes_back_and_is_done_once_by_the_next_worker(cloud: Cloud) -> None:
    """A click hangs, and a file: the worker gives them up in time to exit by itself, and counts no failure."""
    cloud.fault(rule(SEND, kind="hang", when="after"), rule({"path": "/media/*"}, kind="hang"))
    file = next(iter(cloud.site.accounts.values())).media[0].name
    message = cloud.send()
    download = cloud.send(creator_id="creator-02", action="download_media", media_urls=[f"/media/{file}"])
    task = cloud.start(STOP_TIMEOUT_SECONDS="3")
    wait_for(lambda: cloud.sent and has_asked(cloud, "GET", "/media")(), "the message and the file")
    assert task.stop(seconds=25) == 0
    cloud.start()
    assert cloud.await_result(message)["data"]["found_in_conversation"] is True
    assert cloud.await_result(download)["status"] == "succeeded"
    assert cloud.sent == ["hello"]
    assert [item["failures"]["N"] for item in cloud.items(Kind.JOB.prefix)] == ["0", "0"]


def test_a_copy_that_comes_back_is_deleted_and_not_run(cloud: Cloud) -> None:
    """The worker died between the result and the deletion."""
    job = cloud.send()
    cloud.start()
    cloud.await_result(job)
    cloud.await_empty()
    cloud.sqs.send_message(
        QueueUrl=cloud.settings.workflows_queue_url,
        MessageBody=json.dumps(dict(job.payload)),
        MessageGroupId=job.group_id,
        MessageDeduplicationId="another",
    )
    cloud.ends(lambda: cloud.tasks[0].events("message_deleted")[1:], "the second deletion")
    assert cloud.sent == ["hello"]
    assert [line["status"] for line in cloud.tasks[0].events("job_ended")] == ["succeeded", "duplicate"]


def test_two_workers_share_one_log_in_and_keep_each_groups_order(cloud: Cloud) -> None:
    """Six messages of one creator, two tasks: in order, each once, one log-in."""
    texts = [str(number) for number in range(6)]
    for text in texts:
        cloud.send(message_content=text)
    cloud.start()
    cloud.start()
    cloud.await_empty()
    assert cloud.sent == texts
    assert sum(each.path == "/api/login" for each in cloud.site.exchanges) == 1


@pytest.mark.requirement("7.4")
def test_a_site_that_is_down_opens_the_breaker_and_is_left_alone(cloud: Cloud) -> None:
    """Five failures in a row: logged, counted, shown by /health; another account's job is not even received."""
    cloud.fault(rule({"path": "/login"}, None, kind="status", status=503))
    accounts = list(cloud.site.accounts)
    for account in accounts[:5]:
        cloud.send(creator_id=account)
    task = cloud.start(VISIBILITY_SECONDS="300", PAGES="5")
    cloud.ends(lambda: task.events("circuit_breaker_changed"), "the breaker")
    (line,) = task.events("circuit_breaker_changed")
    assert (line["before"], line["after"]) == ("closed", "open")
    port = task.events("worker_started")[0]["health_port"]

    def health() -> httpx.Response:
        return http_client.get(f"http://127.0.0.1:{port}/health")

    cloud.ends(lambda: not health().json()["jobs"], "the end of the job that opened it")
    # One that failed may have come back, and failed again before the last one has.
    ends = {(each["creator_id"], each["status"]) for each in task.events("job_ended")}
    assert ends == {(account, "failed") for account in accounts[:5]}
    cloud.send(creator_id=accounts[5])
    assert (health().status_code, health().json()["breaker"]) == (200, "open")
    asked = len(cloud.site.exchanges)
    assert task.stop() == 0
    assert len(cloud.site.exchanges) == asked
    names = {each["MetricName"] for each in cloud.clients["cloudwatch"].list_metrics()["Metrics"]}
    assert {"circuit_breaker_open_count", "onlyfans_5xx_count", "scraping_success_rate"} <= names


def test_a_worker_that_cannot_start_says_why_and_exits_with_1(cloud: Cloud) -> None:
    """Missing settings by name; a Chromium that is not there, or knows no such time zone."""
    without = cloud.start(PAGES="many")
    assert without.process.wait(60) == 1
    assert "PAGES" in without.lines[-1]["reason"]
    nowhere = cloud.start(CHROMIUM_PATH="/nowhere/chromium")
    assert nowhere.process.wait(60) == 1
    assert "Chromium" in nowhere.lines[-1]["reason"]
    elsewhere = cloud.start(BROWSER_TIME_ZONE="Europe/Pariss")
    assert elsewhere.process.wait(60) == 1
    assert "BROWSER_TIME_ZONE" in elsewhere.lines[-1]["reason"]


@pytest.mark.requirement("9.7")
@pytest.mark.parametrize("name", ["creator-0l", "Creator-01"])
def test_a_mistyped_account_acts_as_nobody_and_its_job_is_kept_with_the_reason(cloud: Cloud, name: str) -> None:
    """Nothing is asked of the site; the job waits in the DLQ for its owner, and other accounts' jobs go on."""
    job = cloud.send(creator_id=name)
    task = cloud.start(MAX_FAILURES="1")
    result = cloud.await_result(job)
    assert (result["status"], result["error"]["class"]) == ("dead", "auth")
    assert (
        f"there is no secret {names.CREDENTIALS}/{name}, and {names.CREDENTIALS} does not name it"
        in result["error"]["reason"]
    )
    assert cloud.site.exchanges == []
    (letter,) = cloud.sqs.receive_message(
        QueueUrl=cloud.settings.workflows_dlq_url, MessageAttributeNames=["All"], WaitTimeSeconds=5
    )["Messages"]
    assert json.loads(letter["Body"])["creator_id"] == name
    assert letter["MessageAttributes"]["reason"]["StringValue"] == result["error"]["reason"]
    assert cloud.await_result(cloud.send())["status"] == "succeeded"
    assert [(it["account"], it["text"]) for it in cloud.site.control.messages()] == [("creator-01", "hello")]
    assert task.process.poll() is None


MARKED = {name: f"MARKED-{name}-7d1f" for name in ("password", "api_key", "cookie")} | {
    "totp_secret": "MARKEDTOTPMARKEDTOTPMARKED234567"
}


def everything_that_came_out(cloud: Cloud, task: Task) -> str:
    """Return logs, results with their keys, both queues, metrics, and the state but for the sessions themselves."""
    s3 = cloud.clients["s3"]
    kept = []
    for entry in s3.list_objects_v2(Bucket="results").get("Contents", []):
        kept += [
            entry["Key"],
            s3.get_object(Bucket="results", Key=entry["Key"])["Body"].read().decode(errors="replace"),
        ]
    queues = [
        cloud.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        for url in (cloud.settings.workflows_queue_url, cloud.settings.workflows_dlq_url)
    ]
    state = [cloud.items(prefix) for prefix in (Kind.JOB.prefix, Kind.PAUSE.prefix)]
    metrics = cloud.clients["cloudwatch"].list_metrics()["Metrics"]
    return "\n".join([task.log.read_text(), *kept, *map(str, (queues, state, metrics))])


WAYS_TO_FAIL: list[tuple[int, list[dict[str, Any]]]] = [
    (1, [rule({"path": "/my/*"}, kind="crash"), rule({"path": "/my/*"}, kind="drift")]),
    (1, [rule({"path": "/api/login"}, None, kind="status", status=500)]),
    (1, [rule({"path": "/api/login"}, None, kind="challenge")]),
    (1, [rule({"path": "/api/login*"}, None, kind="reset")]),
    (1, [rule(SEND, None, kind="status", status=401)]),
    (2, [rule({"path": "/media/*"}, None, kind="truncate")]),
    (2, []),
]
"""How many of an account's two jobs come to an end, and what it meets."""


def test_no_secret_comes_out_whatever_goes_wrong(cloud: Cloud) -> None:
    """Marked secrets through every path; then everything that came out is searched for them."""
    faults: list[dict[str, Any]] = []
    to_end = Counter[str]()
    for account, (number, rules) in zip(cloud.site.accounts.values(), WAYS_TO_FAIL, strict=False):
        name = account.username
        to_end[name] = number
        cloud.world.give_secrets(name, MARKED["password"], MARKED["totp_secret"])
        given = {each: MARKED[each] for each in ("password", "api_key", "totp_secret")}
        cloud.secret({"username": name} | given, f"{names.CREDENTIALS}/{name}")
        faults += [each | {"match": each["match"] | {"account": name}} for each in rules]
        cloud.send(creator_id=name)
        cloud.send(
            creator_id=name,
            action="download_media",
            media_urls=[f"/media/{account.media[0].name}?signature={MARKED['cookie']}"],
        )
    cloud.fault(*faults)
    task = cloud.start()
    classes = {"unknown", "server_error", "challenge", "network_error", "auth", None}

    def met() -> set[str | None]:
        return {line["error_class"] for line in task.events("job_ended")}

    # One that failed may have come back and failed again before another has ended.
    cloud.ends(
        lambda: to_end <= Counter(it["creator_id"] for it in task.events("job_ended")) and classes <= met(),
        "the end of all jobs",
    )
    assert met() == classes
    task.kill()
    out = everything_that_came_out(cloud, task)
    assert out.count("succeeded") > 2
    sessions = _cookies(cloud)
    assert len(sessions) >= 2
    asked = f"?signature={MARKED['cookie']}"
    for secret in (*MARKED.values(), *sessions):
        assert secret not in out.replace(asked, "")
    # The signature itself stands only where the producer put it: in the message's body.
    for line in task.lines:
        assert asked not in json.dumps(line)


def _cookies(cloud: Cloud) -> list[str]:
    states = [
        json.loads(gzip.decompress(item["state"]["B"])) for item in cloud.items(Kind.SESSION.prefix) if "state" in item
    ]
    return [cookie["value"] for state in states for cookie in state["cookies"]]
