"""The Docker engine that some tests need."""

import os
import shutil
import subprocess
from typing import NoReturn

import pytest

from emulator.harness.errors import NO_ENGINE


def require_engine() -> None:
    """Skip where there is no Docker engine; fail where one is promised."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        lacking(NO_ENGINE)


def lacking(reason: str) -> NoReturn:
    """Skip for the reason, or fail for it in CI, where all that an engine needs is promised."""
    if os.environ.get("HUNTAZE_ENGINE_PROMISED"):
        pytest.fail(reason)
    pytest.skip(reason)
