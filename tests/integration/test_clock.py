"""One clock for the cloud and its clients: it jumps, stands still, changes its speed, and refuses what it cannot."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from localprocs.vclock import Clock

from emulator.harness.clients import Clients, http_client
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from tests.patience import until

HALF_DAY = 12 * 3600
SLOWEST = 0.1
ANY_CHANGE = '{"speed": n}'
ASK = """
import json, sys, time, boto3
sqs = boto3.client("sqs", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
message = sqs.receive_message(QueueUrl=sys.argv[2], WaitTimeSeconds=20, MessageSystemAttributeNames=["SentTimestamp"])["Messages"][0]
print(json.dumps([time.time(), int(message["Attributes"]["SentTimestamp"]) / 1000]))
"""

PRESIGN = """
import sys, boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
print(s3.generate_presigned_url("get_object", {"Bucket": sys.argv[2], "Key": "key"}, ExpiresIn=600))
"""


@pytest.fixture(scope="module", autouse=True)
def without_tasks(request: pytest.FixtureRequest) -> Iterator[None]:
    """No task runs on the emulator: one that starts while days pass misses every time-out, and is given up."""
    if request.config.getoption("--backend") == "aws":
        yield
        return
    harness: Harness = request.getfixturevalue("harness")
    with Pipeline(harness.run).without_scraper():
        yield


@pytest.fixture
def queue(emulator: Clients) -> Iterator[str]:
    """A queue of the test's own."""
    url = emulator.sqs.create_queue(QueueName=f"clock-{uuid4().hex[:8]}")["QueueUrl"]
    yield url
    emulator.sqs.delete_queue(QueueUrl=url)


def poll(emulator: Clients, queue: str, **more: Any) -> list[str]:
    """Poll once, as long as SQS lets one."""
    found = emulator.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, **more)
    return [message["Body"] for message in found.get("Messages", [])]


def receive(emulator: Clients, queue: str, **more: Any) -> list[str]:
    """Poll until there is something: the emulator takes a moment to see what a jump has ended."""
    return until(lambda: poll(emulator, queue, **more), what="a message")


def test_a_jump_of_twelve_hours_brings_a_message_back(emulator: Clients, clock: Clock, queue: str) -> None:
    """A message received for twelve hours, the longest that SQS grants, is there again after a jump of as many."""
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="work")
    assert receive(emulator, queue, VisibilityTimeout=HALF_DAY) == ["work"]
    clock.jump(HALF_DAY)
    assert receive(emulator, queue) == ["work"]


def test_a_jump_ends_polls_and_delays_under_way(emulator: Clients, clock: Clock, queue: str) -> None:
    """A client that waits for a delayed message gets it, or an empty answer, as soon as the clock has jumped there."""
    clock.set_speed(SLOWEST)  # by itself a poll takes minutes
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="late", DelaySeconds=900)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(poll, emulator, queue)

        def is_over() -> bool:
            clock.jump(901)
            return under_way.done()

        until(is_over, what="the poll's end")
    clock.set_speed(1)
    assert (under_way.result() or receive(emulator, queue)) == ["late"]


def test_nothing_becomes_due_while_the_clock_stands(emulator: Clients, clock: Clock, queue: str) -> None:
    """Paused, a delay of three seconds outlasts them, and so does a poll; the cloud still answers."""
    clock.pause()
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="late", DelaySeconds=3)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(poll, emulator, queue)
        with pytest.raises(TimeoutError):
            under_way.result(timeout=1)
        assert emulator.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        clock.resume()
        assert (under_way.result(timeout=60) or receive(emulator, queue)) == ["late"]


@pytest.mark.parametrize("is_on_clock", [True, False], ids=["on-the-clock", "without-it"])
def test_any_process_can_talk_to_the_emulator(harness: Harness, clock: Clock, queue: str, *, is_on_clock: bool) -> None:
    """With `clock_env` a process agrees with the cloud on the time; without it, it still works, on its own time."""
    clock.jump(100_000)
    harness.clients.sqs.send_message(QueueUrl=queue, MessageBody="work")
    sent = clock.now()
    env = os.environ | (harness.run.clock_env if is_on_clock else {})
    arguments = [sys.executable, "-c", ASK, harness.run.aws_endpoint_url, queue]
    done = subprocess.run(arguments, env=env, capture_output=True, check=True, timeout=60)
    seen, stamped = json.loads(done.stdout)
    assert stamped <= sent <= clock.now()
    assert (stamped <= seen <= clock.now()) == is_on_clock


def test_the_control_endpoint_tells_and_changes_the_clock(harness: Harness, clock: Clock) -> None:
    """What is posted to it takes effect for everybody, and its answer is the clock's new state."""
    url = f"{harness.run.control_url}/clock"
    before = http_client.get(url).json()
    assert http_client.post(url, json={"speed": 3}).json()["speed"] == 3
    assert http_client.post(url, json={"paused": True}).json()["paused"] is True
    jumped = http_client.post(url, json={"jump_seconds": HALF_DAY}).json()
    assert jumped["now"] == clock.now() >= before["now"] + HALF_DAY
    assert http_client.post(url, json={"paused": False}).json() == {
        "now": pytest.approx(clock.now()),
        "speed": 3,
        "paused": False,
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"speed": 0}, "from 0.1 to 1000"),
        ({"speed": -1}, "from 0.1 to 1000"),
        ({"speed": 1e9}, "from 0.1 to 1000"),
        ({"speed": "fast"}, ANY_CHANGE),
        ({"jump_seconds": -1}, "time never goes back"),
        ({"jump_seconds": 1e12}, "from 0 to 315360000 seconds"),
        ({"speed": 2, "paused": True}, ANY_CHANGE),
        ({}, ANY_CHANGE),
    ],
)
def test_the_control_endpoint_refuses_what_makes_no_sense(
    harness: Harness, clock: Clock, wrong: dict[str, Any], said: str
) -> None:
    """Speed 0, negative or absurd, a jump backwards, and anything unclear: 400, the allowed range, and no change."""
    before = clock.state()
    answer = http_client.post(f"{harness.run.control_url}/clock", json=wrong)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert (clock.state().speed, clock.state().paused) == (before.speed, before.paused)


def test_of_two_jumps_at_once_none_is_lost_silently(harness: Harness, clock: Clock) -> None:
    """Many jumps at once: each is either made or refused with a reason, and time went ahead by those made."""
    clock.pause()
    before = clock.now()
    with ThreadPoolExecutor(8) as pool:
        url = f"{harness.run.control_url}/clock"
        answers = list(pool.map(lambda _: http_client.post(url, json={"jump_seconds": 60}, timeout=60), range(16)))
    made = [answer for answer in answers if answer.is_success]
    assert made
    assert all("another change" in answer.json()["error"] for answer in answers if not answer.is_success)
    assert clock.now() == pytest.approx(before + 60 * len(made), abs=1e-3)


def test_messages_expire_by_the_clock(emulator: Clients, clock: Clock, queue: str) -> None:
    """What was sent before the retention period is neither counted nor received."""
    emulator.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="old")
    clock.jump(60)
    counted = emulator.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    assert counted["Attributes"]["ApproximateNumberOfMessages"] == "0"
    assert emulator.sqs.receive_message(QueueUrl=queue).get("Messages", []) == []


def test_presigned_addresses_expire_by_the_clock(harness: Harness, emulator: Clients, clock: Clock) -> None:
    """One made for ten minutes by a process on the clock is good until then, and refused as S3 does from then on."""
    bucket = f"presigned-{uuid4().hex[:8]}"
    emulator.s3.create_bucket(Bucket=bucket)
    emulator.s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    arguments = [sys.executable, "-c", PRESIGN, harness.run.aws_endpoint_url, bucket]
    env = os.environ | harness.run.clock_env
    address = subprocess.run(arguments, env=env, capture_output=True, check=True, timeout=60, text=True).stdout.strip()
    assert http_client.get(address).content == b"content"
    clock.jump(601)
    refused = http_client.get(address)
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert "<Message>Request has expired</Message>" in refused.text
    emulator.s3.delete_object(Bucket=bucket, Key="key")
    emulator.s3.delete_bucket(Bucket=bucket)


def test_sessions_of_roles_expire_by_the_clock(emulator: Clients, clock: Clock) -> None:
    """A session of a quarter of an hour is refused for its age when it is over."""
    name = f"short-{uuid4().hex[:8]}"
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = emulator.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    given = emulator.sts.assume_role(RoleArn=role, RoleSessionName="short", DurationSeconds=900)["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
    sqs = session.client("sqs", endpoint_url=emulator.endpoint_url)

    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.list_queues()
    clock.jump(901)
    with pytest.raises(ClientError, match=r"ExpiredToken.*The security token included in the request is expired"):
        sqs.list_queues()
    emulator.iam.delete_role(RoleName=name)


def test_lifecycle_rules_of_buckets_are_kept_and_not_carried_out(emulator: Clients, clock: Clock) -> None:
    """A difference from AWS: what a rule would have removed days ago is there."""
    bucket = f"lifecycle-{uuid4().hex[:8]}"
    emulator.s3.create_bucket(Bucket=bucket)
    rule: Any = {"ID": "soon", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    emulator.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    emulator.s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    clock.jump(3 * 24 * 3600)
    assert emulator.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    assert [it["ID"] for it in emulator.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]] == ["soon"]
    emulator.s3.delete_object(Bucket=bucket, Key="key")
    emulator.s3.delete_bucket(Bucket=bucket)
