"""The verbs of ``./huntaze``."""

import typer

from emulator.console.reading.place import target_of
from emulator.harness import places, run_file
from emulator.harness.cli import checks, console_page, demo, inspect, up
from emulator.vclock import ClockError
from huntaze_scraper.operations.cli import dlq, failures, jobs
from huntaze_scraper.operations.cli.workplace import Workplace
from huntaze_scraper.operations.target import Target

app = typer.Typer(
    name="huntaze",
    help="Runs the pipeline on this machine: an emulated AWS, a fake OnlyFans, one clock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, up, console_page, checks, inspect):
    module.register(app)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dlq.app, name="dlq")


def running() -> Target:
    """Return the pipeline of the harness that is up."""
    return target_of(run_file.read(places.state_directory() / "run.json"))


def main() -> None:
    """Run a verb."""
    with failures.told(ClockError):
        app(prog_name="./huntaze", obj=Workplace(running, places.state_directory()))
