"""``./huntaze`` as somebody types it, in this process: to start another for each verb takes most of a second."""

import contextlib
import io
import os
import runpy
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from emulator.harness.places import ROOT


def huntaze(*words: str | bytes | Path) -> CompletedProcess[str]:
    """Run the command; what it does not tell in its own words is raised."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(ROOT)
        patch.setattr(sys, "argv", ["huntaze", *map(os.fsdecode, words)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path("scripts/verbs.py", run_name="__main__")
    assert isinstance(ended.value.code, int)
    return CompletedProcess(words, ended.value.code, out.getvalue(), err.getvalue())
