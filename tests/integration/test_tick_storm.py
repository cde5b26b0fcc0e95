"""Hours in which a function cannot do its work, on a clock that runs ahead of it: its events wait, and do not multiply."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from localprocs.host.cloud import Cloud
from localprocs.vclock import AUTO, Clock

from emulator.harness.clients import Clients
from emulator.harness.places import PLUGINS_PYTHON
from tests.lambda_scene import LOGS, POLL, Scene
from tests.patience import until

pytestmark = pytest.mark.timeout(600)
SPEED = 300
"""Half a second of work outlasts what LocalStack hides an event for: the function's time-out and a minute."""
BROKEN_MINUTES, TICK_MINUTES = 155, 30
RUNS_OF_AN_EVENT = 3
"""AWS's: the first, and two retries."""
VISIBILITY_SECONDS = 1800
FUNCTION = """
    import boto3, os, time
    def handler(event, context):
        name = event["Records"][0]["messageId"] if "Records" in event else context.aws_request_id
        print("run", name, flush=True)
        end = time.process_time() + 0.5
        while time.process_time() < end: pass
        boto3.client("sqs").send_message(QueueUrl=os.environ["DONE"], MessageBody=name)
        print("did", name, flush=True)
"""


@pytest.fixture
def clock(cloud: Cloud) -> Clock:
    """The cloud's."""
    assert isinstance(cloud.clock, Clock)
    return cloud.clock


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """One of the test's own: nothing else runs on its clock."""
    with Cloud(speed=AUTO, python=str(PLUGINS_PYTHON)) as started:
        yield started


def told(scene: Scene, function: str, word: str) -> Counter[str]:
    """Return how often the function said so of each event."""
    return Counter(line.split()[1] for line in scene.log(function) if line.startswith(f"{word} "))


def test_a_role_that_is_broken_for_hours_makes_no_storm(cloud: Cloud, clock: Clock) -> None:
    """Ticks are tried three times each, messages once in a visibility; once it is mended, what is left is done."""
    scene = Scene(Clients(cloud.endpoint_url))
    done = cloud.client("sqs").create_queue(QueueName="done")["QueueUrl"]
    ticking, taking = (
        scene.function(FUNCTION, Timeout=60, Environment={"Variables": {"DONE": done}}) for _ in range(2)
    )
    queue = scene.queue(VisibilityTimeout=str(VISIBILITY_SECONDS))
    scene.map(queue, taking, BatchSize=1)
    sent = {scene.emulator.sqs.send_message(QueueUrl=queue, MessageBody="it")["MessageId"] for _ in range(2)}
    arn = scene.emulator.lambda_.get_function(FunctionName=ticking)["Configuration"]["FunctionArn"]
    scene.emulator.events.put_rule(Name="tick", ScheduleExpression=f"rate({TICK_MINUTES} minutes)")
    scene.emulator.events.put_targets(Rule="tick", Targets=[{"Id": "it", "Arn": arn}])

    def has_given_up() -> bool:
        return RUNS_OF_AN_EVENT in told(scene, ticking, "run").values()

    clock.set_speed(SPEED)
    begun = clock.now()
    until(lambda: clock.now() >= begun + BROKEN_MINUTES * 60 and has_given_up(), 120, "a tick given up")
    assert not told(scene, ticking, "did") + told(scene, taking, "did")
    scene.allow([*LOGS, *POLL, "sqs:SendMessage"])
    scene.emulator.events.disable_rule(Name="tick")
    clock.set_speed(AUTO)
    clock.until(lambda: scene.depth(queue) == (0, 0), within=2 * VISIBILITY_SECONDS, what="the messages' work")
    clock.advance(600)  # what is left of the ticks' retries, one minute and two after each failure

    ticks, messages = told(scene, ticking, "run"), told(scene, taking, "run")
    assert len(ticks) >= BROKEN_MINUTES // TICK_MINUTES - 2
    assert max(ticks.values()) == RUNS_OF_AN_EVENT, json.dumps(ticks)
    assert messages.keys() == sent == told(scene, taking, "did").keys()
    assert max(messages.values()) <= (clock.now() - begun) / VISIBILITY_SECONDS + 1
    scene.emulator.events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)", State="DISABLED")
    clock.advance(180)
    assert told(scene, ticking, "run") == ticks, "a rule that is disabled ticks on"
