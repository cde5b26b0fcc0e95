"""Faults by operation: rules for callers with a role, LocalStack's form of them, and experiments of AWS FIS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from localprocs.vclock import Clock

from emulator.harness.clients import Clients, http_client
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from tests.ecs_scene import Scene as EcsScene
from tests.lambda_scene import Scene
from tests.patience import until

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def scene(emulator: Clients) -> Iterator[Scene]:
    """A role of its own, and no rules afterwards."""
    made = Scene(emulator)
    yield made
    http_client.delete(f"{emulator.endpoint_url}/_emulator/faults")
    made.clear()


def acting(scene: Scene, service: Any) -> Any:
    """Return a client of the role's session that tries once."""
    given = scene.emulator.sts.assume_role(RoleArn=scene.role, RoleSessionName="tester")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
    return session.client(service, endpoint_url=scene.emulator.endpoint_url, config=ONCE)


def rules(scene: Scene, *several: dict[str, Any]) -> list[dict[str, Any]]:
    """Set the rules, or list them."""
    url = f"{scene.emulator.endpoint_url}/_emulator/faults"
    answer = http_client.post(url, json={"rules": several, "seed": 1}) if several else http_client.get(url)
    found: list[dict[str, Any]] = answer.raise_for_status().json()["rules"]
    return found


def test_a_rule_befalls_the_operation_that_it_names(scene: Scene) -> None:
    """The second call of the role is throttled as the service words it; an administrator's never."""
    queue = scene.queue()
    scene.allow(["sqs:*"])
    sqs = acting(scene, "sqs")
    rules(scene, {"service": "sqs", "operation": "SendMessage", "role": "*", "nth": [2], "throttle": True})

    sqs.send_message(QueueUrl=queue, MessageBody="1")
    scene.emulator.sqs.send_message(QueueUrl=queue, MessageBody="2")
    with pytest.raises(ClientError, match="RequestThrottled"):
        sqs.send_message(QueueUrl=queue, MessageBody="3")
    sqs.get_queue_attributes(QueueUrl=queue)

    assert scene.depth(queue) == (2, 0)


def test_an_answer_can_be_lost_of_what_is_done(scene: Scene) -> None:
    """A sender that hears nothing has sent; a receiver that hears nothing has what it received in flight."""
    queue = scene.queue()
    scene.allow(["sqs:*"])
    sqs = acting(scene, "sqs")
    mine = {"service": "sqs", "role": scene.role, "lost": True, "times": 1}
    rules(scene, {**mine, "operation": "SendMessage"}, {**mine, "operation": "ReceiveMessage"})

    with pytest.raises(HTTPClientError):
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert scene.depth(queue) == (1, 0)
    with pytest.raises(HTTPClientError):
        sqs.receive_message(QueueUrl=queue)
    assert scene.depth(queue) == (0, 1)


def test_localstacks_form_of_rules_is_taken(scene: Scene) -> None:
    """A list of rules for all callers, added to, listed and removed; and a latency."""
    url = f"{scene.emulator.endpoint_url}/_localstack/chaos"
    rule = {"service": "kms", "operation": "ListKeys", "error": {"statusCode": 500, "code": "Mine"}}
    assert http_client.post(f"{url}/faults", json=[rule]).json() == [rule]
    kms = scene.emulator._session.client("kms", endpoint_url=scene.emulator.endpoint_url, config=ONCE)
    with pytest.raises(ClientError, match="Mine"):
        kms.list_keys()
    assert http_client.request("DELETE", f"{url}/faults", json=[rule]).json() == []
    kms.list_keys()
    assert http_client.post(f"{url}/effects", json={"latency": 5}).json() == {"latency": 5}
    assert http_client.post(f"{url}/effects", json={"latency": 0}).json() == {"latency": 0}
    assert http_client.post(f"{url}/faults", json=[{"servise": "kms"}]).status_code == 400


class Experiment:
    """An experiment of FIS, begun as a role that trusts it."""

    def __init__(self, scene: Scene, targets: dict[str, Any], actions: dict[str, Any]) -> None:
        statement = {"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        scene.emulator.iam.update_assume_role_policy(RoleName=scene.role_name, PolicyDocument=trust)
        self._fis = scene.emulator._session.client("fis", endpoint_url=scene.emulator.endpoint_url)
        template = self._fis.create_experiment_template(
            clientToken="t",
            description="an experiment",
            roleArn=scene.role,
            stopConditions=[{"source": "none"}],
            targets=targets,
            actions=actions,
        )["experimentTemplate"]
        begun = self._fis.start_experiment(clientToken="e", experimentTemplateId=template["id"])["experiment"]
        self._id = begun["id"]

    def await_action(self, name: str) -> None:
        """Wait until an action, which is one that takes time, has begun."""
        until(lambda: self._told()["actions"][name]["state"]["status"] != "pending", what=name)
        assert self._told()["state"]["status"] == "running", self._told()

    def stop(self) -> None:
        """End it."""
        self._fis.stop_experiment(id=self._id)
        until(lambda: self._told()["state"]["status"] == "stopped", what="the experiment's end")

    def _told(self) -> Any:
        return self._fis.get_experiment(id=self._id)["experiment"]


def test_an_experiment_stops_a_task_and_throttles_a_role(scene: Scene, harness: Harness) -> None:
    """By FIS's own API, as a role that trusts it; the service starts another task."""
    clients, run = scene.emulator, harness.run
    Pipeline(run).await_health()
    scene.allow(["ecs:StopTask", "sqs:ListQueues"])
    where = {"cluster": run.ecs_cluster, "service": run.ecs_service}
    before = set(clients.ecs.list_tasks(cluster=run.ecs_cluster, serviceName=run.ecs_service)["taskArns"])
    experiment = Experiment(
        scene,
        {
            "tasks": {"resourceType": "aws:ecs:task", "selectionMode": "COUNT(1)", "parameters": where},
            "roles": {"resourceType": "aws:iam:role", "selectionMode": "ALL", "resourceArns": [scene.role]},
        },
        {
            "stop": {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "tasks"}},
            "throttle": {
                "actionId": "aws:fis:inject-api-throttle-error",
                "parameters": {"service": "sqs", "operations": "ListQueues", "percentage": "100", "duration": "PT12H"},
                "targets": {"Roles": "roles"},
                "startAfter": ["stop"],
            },
        },
    )

    experiment.await_action("throttle")
    with pytest.raises(ClientError, match="RequestThrottled"):
        acting(scene, "sqs").list_queues()
    experiment.stop()
    acting(scene, "sqs").list_queues()

    stopped = clients.ecs.list_tasks(cluster=run.ecs_cluster, desiredStatus="STOPPED")["taskArns"]
    assert before & set(stopped)
    fis = clients._session.client("fis", endpoint_url=clients.endpoint_url)
    with pytest.raises(ClientError, match="not emulated"):
        fis.get_action(id="aws:rds:reboot-db-instances")
    Pipeline(run).await_health()


@pytest.fixture
def service(emulator: Clients, clock: Clock) -> Iterator[EcsScene]:
    """A service of its own: its first task is on demand, its second on Spot."""
    made = EcsScene(emulator, clock)
    made.serve(made.define(), desired=2)
    yield made
    made.clear()


def test_an_experiment_interrupts_spot_and_fails_and_slows_calls(scene: Scene, service: EcsScene, clock: Clock) -> None:
    """What is on Spot ends after its notice, and is replaced; errors and latency last as long as the experiment."""
    scene.allow(["sqs:ListQueues"])
    of = {task["capacityProviderName"]: task["taskArn"] for task in service.tasks()}
    kms = scene.emulator._session.client("kms", endpoint_url=scene.emulator.endpoint_url, config=ONCE)
    kms.list_keys()
    experiment = Experiment(
        scene,
        {
            "spot": {
                "resourceType": "aws:ecs:task",
                "selectionMode": "ALL",
                "parameters": {"cluster": service.cluster, "service": service.service},
            },
            "roles": {"resourceType": "aws:iam:role", "selectionMode": "ALL", "resourceArns": [scene.role]},
        },
        {
            "interrupt": {
                "actionId": "aws:ec2:send-spot-instance-interruptions",
                "parameters": {"durationBeforeInterruption": "PT2M"},
                "targets": {"SpotInstances": "spot"},
            },
            "fail": {
                "actionId": "aws:fis:inject-api-internal-error",
                "parameters": {"service": "sqs", "operations": "ListQueues", "percentage": "100", "duration": "PT12H"},
                "targets": {"Roles": "roles"},
                "startAfter": ["interrupt"],
            },
            "slow": {
                "actionId": "localstack:generic:latency",
                "parameters": {"service": "kms", "latencyMilliseconds": "20000", "duration": "PT12H"},
            },
        },
    )

    experiment.await_action("slow")
    begun = clock.now()
    kms.list_keys()
    assert clock.now() - begun >= 20
    task = service.stopped(of["FARGATE_SPOT"])
    assert (task["stopCode"], task["stoppedReason"]) == ("SpotInterruption", "Your Spot Task was interrupted.")
    assert of["FARGATE"] in service.running(2)
    experiment.await_action("fail")
    with pytest.raises(ClientError, match="InternalError"):
        acting(scene, "sqs").list_queues()
    experiment.stop()
    acting(scene, "sqs").list_queues()
    begun = clock.now()
    kms.list_keys()
    assert clock.now() - begun < 20
