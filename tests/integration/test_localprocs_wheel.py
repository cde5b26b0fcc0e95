"""The emulator as a stranger gets it: its wheel in an empty environment, an app that is not ours, no browser."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from emulator.harness.places import ROOT
from infra_cdk import bundle
from tests.patience import until

pytestmark = [pytest.mark.gate, pytest.mark.timeout(600)]
UV = bundle.uv(ROOT)
APP = {
    "Resources": {
        "Orders": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 900}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "Policies": [
                    {
                        "PolicyName": "its",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
                        },
                    }
                ],
            },
        },
        "Bill": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {
                    "ZipFile": "import boto3, os\ndef handler(event, context):\n    print('billed', len(event['Records']))\n"
                    "    boto3.client('sqs').send_message(QueueUrl=os.environ['BILLS'], MessageBody='a bill')\n"
                },
                "Environment": {"Variables": {"BILLS": {"Ref": "Bills"}}},
            },
        },
        "Bills": {"Type": "AWS::SQS::Queue"},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Orders", "Arn"]}, "FunctionName": {"Ref": "Bill"}},
        },
    },
    "Outputs": {"Orders": {"Value": {"Ref": "Orders"}}, "Bills": {"Value": {"Ref": "Bills"}}},
}

SECOND_FILE = """
import pytest

@pytest.mark.parametrize("turn", range(2))
def test_nothing_is_left_of_what_another_did(cloud, checkpoint, turn):
    checkpoint()
    queues = cloud.client("sqs")
    assert not queues.list_queues().get("QueueUrls")
    queues.create_queue(QueueName="more")
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel, pytest, and nothing of this tree."""
    folder = tmp_path_factory.mktemp("stranger")
    source = ROOT / "emulator" / "plugins"
    for command in (
        [UV, "build", "--quiet", "--wheel", "--out-dir", folder, source],
        [UV, "venv", "--quiet", "--python", sys.executable, folder / ".venv"],
    ):
        subprocess.run(command, check=True, timeout=200)
    (wheel,) = folder.glob("*.whl")
    python = folder / ".venv" / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, wheel, "pytest"], check=True, timeout=300)
    assembly = folder / "cdk.out"
    assembly.mkdir()
    (assembly / "Shop.template.json").write_text(json.dumps(APP))
    stack = {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1",
             "properties": {"templateFile": "Shop.template.json"}}  # fmt: skip
    (assembly / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": {"Shop": stack}}))
    return folder


@pytest.fixture
def environment(empty: Path, tmp_path: Path) -> dict[str, str]:
    """No word of this project, and neither compiler's nor browser's setting."""
    path = f"{empty / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {**kept, "PATH": path, "TMPDIR": str(tmp_path), "LOCALPROCS_FILE": str(tmp_path / "up.json")}


def test_the_first_test_of_the_page_passes_there(empty: Path, environment: dict[str, str]) -> None:
    """As docs/emulator.md has it: fifteen minutes go by in moments, and code under test needs no address.

    Another file uses the same cloud, each test as it found it.
    """
    page = (ROOT / "docs" / "emulator.md").read_text()
    test = page.partition("```python\n")[2].partition("```")[0]
    assert 0 < len(test.strip().splitlines()) <= 16
    (empty / "test_first.py").write_text(test)
    (empty / "test_second.py").write_text(SECOND_FILE)
    ran = subprocess.run(
        ["python", "-m", "pytest", "-q", "test_first.py", "test_second.py"],
        cwd=empty, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout
    assert not leftovers(environment)


@pytest.fixture
def up(empty: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """``localprocs up`` with the app, at work."""
    command = ["localprocs", "up", "--app", "cdk.out", "--speed", "auto"]
    with (Path(environment["TMPDIR"]) / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=empty, env=environment, stdout=said, stderr=said, text=True)
        try:
            until(lambda: process.poll() is not None or Path(environment["LOCALPROCS_FILE"]).exists(), 200)
            yield process
        finally:
            process.kill()
            process.wait(60)


def test_up_env_and_ctrl_c(up: subprocess.Popen[str], empty: Path, environment: dict[str, str]) -> None:
    """A shell is led there, the functions' lines are told, and the end leaves no process and no file."""
    said = Path(environment["TMPDIR"]) / "said"
    script = (
        'eval "$(localprocs env)"; python -c "import boto3; sqs = boto3.client(\'sqs\');'
        " url = next(it for it in sqs.list_queues()['QueueUrls'] if 'Orders' in it);"
        " sqs.send_message(QueueUrl=url, MessageBody='one')\""
    )
    subprocess.run(["sh", "-c", script], cwd=empty, env=environment, check=True, timeout=120)
    until(lambda: "billed 1" in said.read_text(), 120)
    up.send_signal(signal.SIGINT)
    up.wait(120)
    assert up.returncode == 0, said.read_text()
    assert not leftovers(environment)


def leftovers(environment: dict[str, str]) -> list[str]:
    """Return what is still there of a cloud with that folder for temporary files."""
    folder = environment["TMPDIR"]
    processes = [it.cmdline() for it in psutil.process_iter() if folder in "".join(safely_environ(it))]
    files = [it.name for it in Path(folder).iterdir() if it.name != "said"]
    return [*map(str, processes), *files]


def safely_environ(process: psutil.Process) -> list[str]:
    try:
        return list(process.environ().values())
    except psutil.Error:
        return []


def test_the_projects_own_verb_starts_it_alone(empty: Path, environment: dict[str, str]) -> None:
    """It tells programs by emulator.json what they need, and the file goes with it."""
    state = Path(environment["TMPDIR"]) / "state"
    env = {**environment, "HUNTAZE_STATE": str(state)}
    command = [ROOT / "huntaze", "emulator", "--app", str(empty / "cdk.out"), "--speed", "20"]
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        until((state / "emulator.json").exists, 200)
        told = json.loads((state / "emulator.json").read_text())
        assert {"aws_endpoint_url", "region", "account_id", "control_url", "clock_env", "pid"} <= told.keys()
        assert told["pid"] == process.pid
        assert [told["account_id"], told["region"], told["speed"]] == ["111122223333", "eu-west-1", 20]
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
        assert list(state.iterdir()) == []
    finally:
        process.kill()
        process.wait(60)
