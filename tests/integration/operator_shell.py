"""A shell as an operator has it: AWS by endpoint and credentials of the environment alone, on the emulator's clock."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from localprocs import processes

from emulator.harness.places import ROOT
from emulator.harness.run_file import Run

TIMEOUT_SECONDS = 400


class Shell:
    """Runs commands from the project's root against a running harness."""

    def __init__(self, run: Run, state: Path, more: Mapping[str, str] | None = None) -> None:
        self.state = state
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **run.clock_env,
            "AWS_ENDPOINT_URL": run.aws_endpoint_url,
            "AWS_REGION": run.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_PAGER": "",
            "HUNTAZE_STATE": str(state),
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            **(more or {}),
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command, cwd=ROOT, env=self._env, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )

    def start(self, *command: str) -> processes.Process:
        """Start a command, in a session of its own."""
        return processes.start(
            list(command), cwd=ROOT, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
