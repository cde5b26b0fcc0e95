"""A cloud is saved and begun with from a shell."""

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from localprocs.state.format import FORMAT, HELD, MANIFEST, read

from emulator.harness.clients import Clients
from emulator.harness.places import PLUGINS_PYTHON
from tests.patience import until

pytestmark = pytest.mark.timeout(400)


class Shell:
    """Calls ``localprocs``; its clouds are told of in one file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._file = folder, folder / "up.json"

    def call(self, *words: str) -> subprocess.Popen[str]:
        """Begin."""
        return subprocess.Popen(
            [PLUGINS_PYTHON.with_name("localprocs"), *words],
            env={**os.environ, "LOCALPROCS_FILE": str(self._file)},
            cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def said(self, *words: str) -> str:
        """Return what it said until its end."""
        with self.call(*words) as process:
            return process.communicate(timeout=120)[0]

    def sqs(self, process: subprocess.Popen[str]) -> Any:
        """Return a client of the cloud that this process brings up."""
        until(lambda: self._file.exists() or process.poll() is not None, 120, "the cloud")
        return Clients(json.loads(self._file.read_text())["aws_endpoint_url"]).sqs

    def down(self, process: subprocess.Popen[str]) -> None:
        """End it."""
        self.said("down")
        assert process.wait(120) == 0


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    return Shell(tmp_path)


def test_a_cloud_that_was_saved_is_begun_with(shell: Shell) -> None:
    """``localprocs save FILE``, ``localprocs up --from FILE``; a file of a newer form is refused in one line."""
    with shell.call("up", "--speed", "auto") as first:
        queue = shell.sqs(first).create_queue(QueueName="kept")["QueueUrl"]
        shell.sqs(first).send_message(QueueUrl=queue, MessageBody="paper")
        assert "saved to cloud.zip" in shell.said("save", "cloud.zip")
        shell.down(first)
    with shell.call("up", "--from", "cloud.zip", "--speed", "auto") as second:
        sqs = shell.sqs(second)
        (url,) = sqs.list_queues()["QueueUrls"]
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == "paper"
        shell.down(second)

    told, held = read((shell.folder / "cloud.zip").read_bytes())
    with zipfile.ZipFile(shell.folder / "newer.zip", "w") as archive:
        archive.writestr(MANIFEST, json.dumps({**told, "format": FORMAT + 1}))
        archive.writestr(HELD, held)
    (line,) = shell.said("up", "--from", "newer.zip").splitlines()
    assert "take a newer localprocs" in line
