"""A task as a process: what it is given, what it says, how it ends; plain boto3, so that AWS could answer as well."""

import json
from collections.abc import Iterator

import psutil
import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.ecs_scene import Scene
from tests.patience import until
from tests.processes import kill


@pytest.fixture
def scene(emulator: Clients, clock: Clock) -> Iterator[Scene]:
    """A cluster of its own."""
    made = Scene(emulator, clock)
    yield made
    made.clear()


@pytest.mark.requirement("8.5")
def test_a_task_is_given_its_environment_and_its_secrets(scene: Scene) -> None:
    """Plain variables, a JSON key of a secret, and a parameter."""
    secret = scene.emulator.secretsmanager.create_secret(Name=scene.mark, SecretString=json.dumps({"key": "hush"}))[
        "ARN"
    ]
    scene.emulator.ssm.put_parameter(Name=f"/{scene.mark}/p", Value="parameter", Type="SecureString")
    program = "import os; print([os.environ.get(name) for name in ('PLAIN', 'KEY', 'PARAMETER', 'AWS_REGION')])"
    secrets = [{"name": "KEY", "valueFrom": f"{secret}:key::"}, {"name": "PARAMETER", "valueFrom": f"/{scene.mark}/p"}]
    arn = scene.run(scene.define(program, environment=[{"name": "PLAIN", "value": "yes"}], secrets=secrets))

    assert scene.stopped(arn)["containers"][0]["exitCode"] == 0
    assert scene.lines(arn) == ["['yes', 'hush', 'parameter', 'us-east-1']"]


@pytest.mark.parametrize("value_from", ["missing", "key"])
def test_a_task_whose_secret_cannot_be_had_does_not_start(scene: Scene, value_from: str) -> None:
    """A secret that is not there, or that has not the key: ResourceInitializationError, which tells no secret."""
    secret = scene.emulator.secretsmanager.create_secret(Name=scene.mark, SecretString=json.dumps({"other": "hush"}))[
        "ARN"
    ]
    named = {"missing": secret.replace(scene.mark, "gone"), "key": f"{secret}:key::"}[value_from]
    task = scene.stopped(scene.run(scene.define(secrets=[{"name": "KEY", "valueFrom": named}])))

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert "hush" not in task["stoppedReason"]
    assert "startedAt" not in task


@pytest.mark.requirement("8.5")
def test_a_task_whose_execution_role_may_not_read_the_secret_does_not_start(scene: Scene) -> None:
    """What the template does not grant is refused, as on AWS."""
    secret = scene.emulator.secretsmanager.create_secret(Name=scene.mark, SecretString="hush")["ARN"]
    role = f"arn:aws:iam::000000000000:role/nobody-{scene.mark}"
    definition = scene.define(execution_role=role, secrets=[{"name": "KEY", "valueFrom": secret}])
    task = scene.stopped(scene.run(definition))

    assert task["stopCode"] == "TaskFailedToStart"
    assert "AccessDeniedException" in task["stoppedReason"]


@pytest.mark.requirement("8.2")
def test_a_task_speaks_to_the_cloud_as_its_role(scene: Scene) -> None:
    """boto3 finds the role's session by itself; it is named after the task."""
    arn = scene.run(scene.define("import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"))

    scene.stopped(arn)
    assert scene.lines(arn) == [f"arn:aws:sts::000000000000:assumed-role/task-{scene.mark}/{arn.rsplit('/', 1)[-1]}"]


@pytest.mark.requirement("6.5")
def test_a_task_is_asked_to_end_and_may_take_its_time(scene: Scene) -> None:
    """What it does on SIGTERM, and says meanwhile, is all there afterwards."""
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('ending', flush=True); time.sleep(1); print('ended', flush=True); sys.exit(5)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True)\nwhile True: time.sleep(60)"
    )
    arn = scene.run(scene.define(program, stopTimeout=120))
    scene.logged(arn, "up")
    scene.ecs.stop_task(cluster=scene.cluster, task=arn, reason="because")
    task = scene.stopped(arn)

    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "because")
    assert task["containers"][0]["exitCode"] == 5
    assert scene.lines(arn) == ["up", "ending", "ended"]


def test_a_task_that_does_not_heed_is_killed_when_its_stop_timeout_is_over(scene: Scene) -> None:
    """120 virtual seconds after SIGTERM, neither before nor long after."""
    program = (
        "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print('no', flush=True)); print('up', flush=True)\n"
        "while True: time.sleep(60)"
    )
    arn = scene.run(scene.define(program, stopTimeout=120))
    scene.logged(arn, "up")
    scene.clock.pause()
    scene.ecs.stop_task(cluster=scene.cluster, task=arn)
    scene.clock.until(lambda: "no" in scene.lines(arn), within=20, each=1, what="SIGTERM")
    scene.clock.advance(95)
    assert scene.task(arn)["lastStatus"] == "STOPPING"
    scene.clock.until(lambda: scene.task(arn)["lastStatus"] == "STOPPED", within=60, each=1, what="the task's end")
    task = scene.task(arn)

    assert task["containers"][0]["exitCode"] == 137
    lasted = (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds()
    assert 120 <= lasted <= 150


def test_a_command_that_is_not_there_says_so(scene: Scene, pytestconfig: pytest.Config) -> None:
    """As a container that cannot be started."""
    if pytestconfig.getoption("--backend") == "containers":
        pytest.skip("the entry point of the scraper's image, an init, does start, and ends with 127")
    task = scene.stopped(scene.run(scene.define(command=["no-such-program"])))

    assert task["stopCode"] == "TaskFailedToStart"
    assert 'exec: "no-such-program": executable file not found in $PATH' in task["stoppedReason"]


def test_two_tasks_with_one_port_get_two(scene: Scene) -> None:
    """Each finds its own in the variable that named the port, and networkBindings tell it."""
    program = (
        "import http.server, os\nport = int(os.environ['HEALTH_PORT'])\nprint(port, flush=True)\n"
        "http.server.HTTPServer(('127.0.0.1', port), http.server.BaseHTTPRequestHandler).serve_forever()"
    )
    definition = scene.define(
        program, portMappings=[{"containerPort": 38111}], environment=[{"name": "HEALTH_PORT", "value": "38111"}]
    )
    arns = [scene.run(definition), scene.run(definition)]
    ports = []
    for arn in arns:
        until(lambda arn=arn: scene.lines(arn), what="the port")  # type: ignore[misc]
        [binding] = scene.task(arn)["containers"][0]["networkBindings"]
        assert (scene.lines(arn), binding["containerPort"]) == ([str(binding["hostPort"])], 38111)
        assert scene.process(arn)["port"] == binding["hostPort"]
        ports.append(binding["hostPort"])

    assert len(set(ports)) == 2


def test_what_a_killed_process_was_is_told(scene: Scene) -> None:
    """SIGKILL from outside is the essential container's end, with 137."""
    arn = scene.run(scene.define())
    scene.logged(arn, "up")
    kill(psutil.Process(scene.process(arn)["pid"]))
    task = scene.stopped(arn)

    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)


def test_a_long_output_is_complete(scene: Scene) -> None:
    """Many lines, and one longer than an event can be."""
    program = "for n in range(5000): print(n)\nprint('x' * 300_000)"
    arn = scene.run(scene.define(program))

    scene.stopped(arn)
    lines = scene.lines(arn)
    assert lines[:5000] == [str(number) for number in range(5000)]
    assert sum(len(line) for line in lines[5000:]) == 300_000
