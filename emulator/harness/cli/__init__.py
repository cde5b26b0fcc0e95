"""The verbs of ``./huntaze``."""

import typer

from emulator.harness.cli import checks, demo, dlq, failures, inspect, jobs, up

app = typer.Typer(
    name="huntaze",
    help="Runs the pipeline on this machine: an emulated AWS, a fake OnlyFans, one clock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, up, checks, inspect, jobs, dlq):
    module.register(app)


def main() -> None:
    """Run a verb."""
    with failures.told():
        app(prog_name="./huntaze")
