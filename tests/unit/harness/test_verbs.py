"""``./huntaze``: its verbs, composed of several rooms, each imported when it is called."""

import runpy
import subprocess
import sys
from typing import Any

import pytest

from emulator import cli
from emulator.harness.places import ROOT
from huntaze_scraper.operations.cli.lazy import Verb

SCRIPT = ROOT / "scripts" / "verbs.py"
VERBS = {
    name: it if isinstance(it, Verb) else Verb(it)
    for name, it in (cli.VERBS | runpy.run_path(str(SCRIPT), run_name="verbs")["VERBS"]).items()
}
HEAVY = (
    "boto3",
    "botocore",
    "rich",
    "httpx",
    "pytest",
    "playwright",
    "aws_cdk",
    "localprocs.vclock",
    "emulator.console",
)


def test_the_list_of_verbs_loads_none_of_them() -> None:
    """It is there in a fraction of the time that their libraries take."""
    code = f"import runpy, sys, atexit; sys.argv = ['huntaze', '--help']; atexit.register(lambda: print(*sys.modules)); \\\nrunpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    *page, modules = shown.stdout.splitlines()
    assert [name for name in HEAVY if name in modules.split()] == []
    for name, verb in VERBS.items():
        assert any(line.split()[:1] == [name] for line in page), name
        assert verb.help


def test_the_verbs_that_there_always_were_are_there() -> None:
    """Scripts and fingers know them."""
    old = {
        "demo",
        "test",
        "up",
        "send",
        "status",
        "jobs",
        "dlq",
        "logs",
        "synth",
        "bench",
        "gate",
        "down",
        "requirements",
    }
    assert old <= VERBS.keys()


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_what_the_list_says_of_it(name: str) -> None:
    """The line of the list is read from the source; the command that is loaded says the same."""
    command = VERBS[name].load(name)

    assert command.name == name
    assert str(command.help).partition("\n")[0] == VERBS[name].help


def test_options_that_verbs_share_are_the_same() -> None:
    """Which letters are meant is asked once, and so it reads the same for list, replay and drop."""
    verbs = VERBS["dlq"].load("dlq").commands

    def options(verb: str) -> dict[str, Any]:
        return {it.name: (it.opts, it.help, it.default) for it in verbs[verb].params if it.name in shared}

    shared = {"ids", "queue", "error_class", "creator", "since", "until"}
    assert options("list") == options("replay") == options("drop")
    assert options("list").keys() == shared
