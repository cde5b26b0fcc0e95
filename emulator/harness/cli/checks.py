"""``test``, ``bench`` and ``synth``: what people and CI run alike."""

import runpy
import subprocess
import sys
import time
from typing import Annotated

import typer
from rich.table import Table

from emulator.harness import places
from emulator.harness.cli.screen import console, print_json, progress
from emulator.harness.cli.up import Speed
from emulator.harness.errors import HarnessError

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True}
_BIN = places.ROOT / ".venv" / "bin"
_PYTHON = str(_BIN / "python")
_PLUGINS = places.ROOT / "emulator" / "plugins"

CHECKS: dict[str, list[str]] = {
    "lint": [str(_BIN / "ruff"), "check", "."],
    "format": [str(_BIN / "ruff"), "format", "--check", "."],
    "types": [str(_BIN / "mypy")],
    "plug-ins": [str(places.PLUGINS_PYTHON), "-m", "pytest", "-q", str(_PLUGINS / "tests")],
    "unit": [_PYTHON, "-m", "pytest", "-q", "-n", "2", "tests/unit"],
    "integration": [_PYTHON, "-m", "pytest", "-q", "tests/integration"],
}
"""Every check by name, in the order in which they run: the cheap ones first."""


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(context_settings=PASS_THROUGH)(test)
    app.command(context_settings=PASS_THROUGH)(bench)
    app.command()(synth)
    app.command()(requirements)


def test(context: typer.Context, speed: Speed = None) -> None:  # noqa: PT028 - a verb, not a test
    """Run lint, types, unit and integration tests; with pytest arguments, just pytest with these."""
    clocked = [] if speed is None else ["--speed", f"{speed:g}"]
    if context.args:
        raise typer.Exit(subprocess.call([_PYTHON, "-m", "pytest", *clocked, *context.args], cwd=places.ROOT))
    failed, table = [], Table("check", "result", "seconds")
    for name, command in CHECKS.items():
        console.rule(f"[bold]{name}", align="left")
        begun = time.monotonic()
        code = subprocess.call([*command, *(clocked if name == "integration" else [])], cwd=places.ROOT)
        table.add_row(name, "[green]passed" if code == 0 else "[red]failed", f"{time.monotonic() - begun:.1f}")
        if code:
            failed.append(name)
    console.print(table)
    if failed:
        raise HarnessError(f"{', '.join(failed)} failed; the output above says where")


def bench(
    context: typer.Context, name: Annotated[str | None, typer.Argument(help="Which one; none lists them.")] = None
) -> None:
    """Run a benchmark of benchmarks/ and print its figures."""
    folder = places.ROOT / "benchmarks"
    known = sorted(it.stem for it in folder.glob("[a-z]*.py"))
    if name is None:
        console.print("  ".join(known))
        return
    if name not in known:
        raise HarnessError(f"there is no benchmark {name!r}; there are {', '.join(known)}")
    sys.argv = [f"bench {name}", *context.args]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")


def synth(*, json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False) -> None:
    """Synthesise the cloud assembly (cached by its inputs) and say where it lies."""
    from infra_cdk.synthesis import synthesise  # noqa: PLC0415 - the other verbs start without it

    with progress(quiet=json) as tell:
        tell("synthesising")
        assembly = synthesise({})
    if json:
        print_json({"assembly": str(assembly)})
    else:
        console.print(str(assembly))


def requirements() -> None:
    """Write docs/requirements.md: which test shows which requirement."""
    page = places.ROOT / "docs" / "requirements.md"
    command = [_PYTHON, "-m", "pytest", "-q", "--collect-only", "--no-header", "--write-requirements", str(page)]
    found = subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise HarnessError((found.stderr or found.stdout).strip().splitlines()[-1])
    console.print(str(page))
