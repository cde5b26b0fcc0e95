"""An empty account on an emulator of its own, and the CDK's command to fill it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localprocs.host import emulator
from localprocs.host.child import free_port
from localprocs.vclock import AUTO, open_clock

from emulator.harness.clients import ACCOUNT_ID, REGION, Clients
from emulator.harness.places import PLUGINS_PYTHON, ROOT

CDK_SECONDS = 400
QUALIFIER = "hnb659fds"
"""The CDK's own: what ``cdk bootstrap`` makes is named with it."""


class Account:
    """As a context manager: the emulator, alone, on a clock that leaps when nobody works."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="account-"))
        self.log = self._folder / "emulator.log"

    def __enter__(self) -> Self:
        """Start it and prepare it for the CDK as anybody would."""
        port = free_port()
        self.clock = open_clock(AUTO, print)
        image = {"path": str(ROOT / ".venv" / "bin"), "environment": {"PYTHONUNBUFFERED": "1"}}
        folder, env = self._folder / "emulator", self.clock.env()
        self._emulator = emulator.start(port, folder, self.log, env, python=str(PLUGINS_PYTHON), image=image)
        self.url = f"http://127.0.0.1:{port}"
        try:
            emulator.await_ready(self._emulator, self.url)
            self.clients = Clients(self.url)
            self.cdk("bootstrap", f"aws://{ACCOUNT_ID}/{REGION}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; its log is shown where something failed."""
        self.clock.close()
        self._emulator.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self, service: str) -> Any:
        """Return a client of a service that the pipeline does not use."""
        return self.clients._session.client(service, endpoint_url=self.url)

    def cdk(self, *arguments: str, fails: bool = False) -> str:
        """Run the CDK's command and return what it said; it must succeed, or must not."""
        done = subprocess.run(
            [ROOT / "scripts" / "cdk.sh", *arguments, "--no-notices", "--no-color"],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=CDK_SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        assert bool(done.returncode) == fails, f"cdk {' '.join(arguments)} ended with {done.returncode}:\n{said}"
        return said

    def outputs(self, stack: str) -> Mapping[str, str]:
        """Return a stack's outputs."""
        found = self.clients.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **self.clock.env(),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            # It asks nobody else.
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
        }
