"""``emulator``: the emulated cloud alone, without a stack, a site or a browser of ours."""

import os

import typer

from emulator.harness import places


def emulator(context: typer.Context) -> None:
    """Start the emulated cloud alone, for any CDK app; it takes --app, --template, --speed and what else `localprocs up` does."""
    program = places.PLUGINS_PYTHON.with_name("localprocs")
    told = str(places.state_directory() / "emulator.json")
    os.execv(program, [str(program), "up", "--file", told, *context.args])  # noqa: S606 - takes this process's place
