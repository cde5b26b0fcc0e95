"""A cloud written to a file goes on in another: other processes, the same account, the same hour."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from localprocs.host.cloud import Cloud
from localprocs.vclock import Clock

from emulator.harness.places import PLUGINS_PYTHON, ROOT
from tests.integration.apps.inventory import inventory, new
from tests.integration.shop_template import SHOP

pytestmark = pytest.mark.timeout(400)
MINUTE = 60.0


class Shop:
    """A cloud with the stack."""

    def __init__(self, cloud: Cloud, outputs: dict[str, str]) -> None:
        assert isinstance(cloud.clock, Clock)
        self.cloud, self.clock, self.out = cloud, cloud.clock, outputs
        self.empty: dict[str, set[str]] = {}

    def keys(self) -> dict[str, str]:
        """Return what the table holds: who wrote, and what they were told when they read."""
        items = self.cloud.client("dynamodb").scan(TableName=self.out["Table"])["Items"]
        return {item["k"]["S"]: item.get("may", {}).get("S", "") for item in items}

    def ticks(self) -> set[str]:
        """Return the ticks that were written."""
        return {key for key in self.keys() if key.startswith("tick/")}

    def tasks(self) -> set[str]:
        """Return the minutes in which a task wrote."""
        return {key for key in self.keys() if key.startswith("task/")}

    def send(self, queue: str, body: str, delay: int = 0) -> None:
        """Send a message to one of the stack's queues."""
        self.cloud.client("sqs").send_message(QueueUrl=self.out[queue], MessageBody=body, DelaySeconds=delay)

    def receive(self, hidden_seconds: int = 30) -> list[dict[str, str]]:
        """Receive what is visible of the orders."""
        sqs = self.cloud.client("sqs")
        found: list[dict[str, str]] = sqs.receive_message(
            QueueUrl=self.out["Orders"], VisibilityTimeout=hidden_seconds, MaxNumberOfMessages=10
        ).get("Messages", [])
        return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's template."""
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(SHOP))
    return file


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cloud]]:
    """Makes a cloud whose tasks find this Python; its time is the wall's, and leaps where a test says so."""
    image = tmp_path_factory.mktemp("image") / "image.json"
    image.write_text(json.dumps({"path": str(ROOT / ".venv" / "bin")}))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LOCALPROCS_IMAGE", str(image))
        yield lambda source=None: Cloud(speed=1.0, python=str(PLUGINS_PYTHON), source=source)


@pytest.fixture(scope="module")
def other(start: Callable[..., Cloud], template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The second cloud, which knows the first by its file alone; what was then stands in ``then``."""
    file = tmp_path_factory.mktemp("saved") / "cloud.zip"
    with start() as cloud:
        cloud.clock.advance(26 * 3600)  # the other's time is not the machine's, either
        empty = inventory(cloud.client)
        shop = Shop(cloud, cloud.deploy(template))
        cloud.client("s3").put_object(Bucket=shop.out["Papers"], Key="a", Body=b"paper")
        cloud.client("secretsmanager").put_secret_value(SecretId=shop.out["Key"], SecretString="newer")
        shop.send("Jobs", "job/1")
        assert shop.clock.until(lambda: shop.keys().get("job/1"), within=5 * MINUTE) == "AccessDeniedException"
        for body, hidden_seconds in (("held", 3600), ("hidden", 1200)):
            shop.send("Orders", body)
            (message,) = shop.receive(hidden_seconds)
            shop.out[body] = message["ReceiptHandle"]
        shop.send("Orders", "later", delay=900)
        cloud.save(file)
        saved_at = shop.clock.now()
    with start(file) as cloud:
        found = Shop(cloud, shop.out)
        found.empty = empty
        assert 0 <= found.clock.now() - saved_at < 5 * MINUTE
        yield found


def test_what_was_put_there_is_there(other: Shop) -> None:
    """The table's rows, the object, the newest secret, the stack."""
    client = other.cloud.client
    assert other.keys()["job/1"] == "AccessDeniedException"
    assert client("s3").get_object(Bucket=other.out["Papers"], Key="a")["Body"].read() == b"paper"
    assert client("secretsmanager").get_secret_value(SecretId=other.out["Key"])["SecretString"] == "newer"
    (stack,) = client("cloudformation").describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_what_was_in_flight_comes_when_it_would_have(other: Shop) -> None:
    """One is deleted by the handle of before; the others come after what was left of their time."""
    other.cloud.client("sqs").delete_message(QueueUrl=other.out["Orders"], ReceiptHandle=other.out["held"])
    assert other.receive() == []
    other.clock.advance(600)
    assert other.receive() == []
    came: list[str] = []
    other.clock.until(lambda: came.extend(it["Body"] for it in other.receive(3600)) or len(came) == 2, within=3600)
    assert came == ["later", "hidden"]


def test_a_function_takes_from_its_queue_with_its_role(other: Shop) -> None:
    """What comes in the new cloud is worked on, and the role may no more than before."""
    other.send("Jobs", "job/2")
    assert other.clock.until(lambda: other.keys().get("job/2"), within=5 * MINUTE) == "AccessDeniedException"


def test_a_rule_ticks_on(other: Shop) -> None:
    """Every ten minutes, as before; its function still writes."""
    before = other.ticks()
    other.clock.until(lambda: len(other.ticks() - before) >= 2, within=25 * MINUTE, each=MINUTE, what="two ticks")


def test_a_service_runs_its_tasks(other: Shop) -> None:
    """A task of this cloud's, from its beginning, as its role; when it is stopped another takes its place."""
    ecs, cluster = other.cloud.client("ecs"), other.out["Cluster"]
    before = other.tasks()
    other.clock.until(lambda: other.tasks() - before, within=5 * MINUTE, what="the task's work")
    (task,) = ecs.list_tasks(cluster=cluster)["taskArns"]
    ecs.stop_task(cluster=cluster, task=task)
    other.clock.until(
        lambda: len(found := ecs.list_tasks(cluster=cluster)["taskArns"]) == 1 and task not in found,
        within=5 * MINUTE,
        what="another task",
    )


def test_the_stack_is_changed_and_destroyed(other: Shop, template: Path, tmp_path: Path) -> None:
    """By CloudFormation, which still knows whose each resource is; nothing of it is left."""
    changed = copy.deepcopy(SHOP)
    changed["Resources"]["Extra"] = {"Type": "AWS::SQS::Queue"}
    changed["Resources"]["Service"]["Properties"]["DesiredCount"] = 2
    changed["Resources"]["Tick"]["Properties"]["State"] = "DISABLED"
    del changed["Resources"]["Key"], changed["Outputs"]["Key"]
    newer = tmp_path / template.name
    newer.write_text(json.dumps(changed))
    client = other.cloud.client

    assert other.cloud.deploy(newer) == {name: other.out[name] for name in changed["Outputs"]}
    tasks = client("ecs").list_tasks
    other.clock.until(
        lambda: len(tasks(cluster=other.out["Cluster"])["taskArns"]) == 2, within=5 * MINUTE, what="the second task"
    )
    assert len(client("sqs").list_queues()["QueueUrls"]) == 3
    (rule,) = client("events").list_rules()["Rules"]
    assert rule["State"] == "DISABLED"
    assert client("secretsmanager").list_secrets()["SecretList"] == []

    client("s3").delete_object(Bucket=other.out["Papers"], Key="a")
    client("cloudformation").delete_stack(StackName="shop")
    other.clock.until(lambda: not _stands(client("cloudformation")), within=30 * MINUTE, what="the stack's end")
    left = new(other.empty, inventory(client))
    assert left.keys() <= {"log groups"}, left  # the functions', as on AWS


def _stands(cloudformation: Any) -> bool:
    found = cloudformation.describe_stacks()["Stacks"]
    assert not [it for it in found if it["StackStatus"].endswith("FAILED")], found
    return bool(found)
