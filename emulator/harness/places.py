"""Where the harness finds the project's parts and keeps its own files."""

import os
import shutil
from pathlib import Path

from emulator.harness.errors import HarnessError

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
"""What runs the project's own parts, whoever's tests the harness serves."""
PLUGINS_PYTHON = ROOT / "emulator" / "plugins" / ".venv" / "bin" / "python"


def state_directory() -> Path:
    """Return the folder for run.json, logs and caches: ``HUNTAZE_STATE``, else ``.huntaze`` in the project."""
    directory = Path(os.environ.get("HUNTAZE_STATE") or ROOT / ".huntaze").absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(f"{directory} cannot be made ({error.strerror}): set HUNTAZE_STATE to a folder") from None
    return directory


def require_chromium() -> str:
    """Return the Chromium that set-up chose.

    Raises:
        HarnessError: it is not there any more, or never was.
    """
    path = chromium()
    if not os.access(path, os.X_OK):
        raise HarnessError(f"there is no Chromium{f' at {path}' if path else ''}: rm .huntaze/ready, and start again")
    return path


def chromium() -> str:
    """Return the Chromium that set-up chose; empty for none, which leaves the choice to Playwright."""
    chosen = ROOT / ".huntaze" / "chromium"
    if chosen.exists():
        return chosen.read_text().strip()
    return shutil.which("chromium-headless-shell") or shutil.which("chromium") or ""
