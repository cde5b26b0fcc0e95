"""The verbs of ``./huntaze``."""

import sys

import typer
from botocore.exceptions import BotoCoreError

from emulator.harness.cli import checks, demo, dlq, inspect, jobs, up
from emulator.harness.cli.screen import complain
from emulator.harness.errors import HarnessError
from emulator.vclock import ClockError

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
    """Run a verb; a failure that a person can mend is one line and exit code 1."""
    try:
        app(prog_name="./huntaze")
    except (HarnessError, ClockError) as error:
        complain(str(error))
        sys.exit(1)
    except BotoCoreError as error:  # a refusal is a ClientError: this is no answer, or no way to ask
        complain(f"AWS cannot be asked: {error} (./huntaze down and up again, or look at the profile and the network)")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
