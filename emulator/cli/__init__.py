"""The harness's command: its own verbs, and the operators' on the harness that is up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator.harness import places
from emulator.harness.errors import HarnessError
from huntaze_scraper.operations import cli as operations
from huntaze_scraper.operations.cli import failures
from huntaze_scraper.operations.cli.lazy import Verb, Verbs
from huntaze_scraper.operations.cli.workplace import Workplace

if TYPE_CHECKING:
    from huntaze_scraper.operations.incident.bundle import Bundle
    from huntaze_scraper.operations.target import Target

VERBS: "dict[str, str | Verb]" = {
    "demo": "emulator.cli.demo:demo",
    "up": "emulator.cli.up:up",
    "down": "emulator.cli.up:down",
    "emulator": Verb("emulator.cli.alone:emulator", passes_on=True),
    "console": "emulator.cli.console_page:console",
    "status": "emulator.cli.inspect:status",
    "send": "emulator.cli.inspect:send",
    "logs": "emulator.cli.inspect:logs",
    "synth": "infra_cdk.cli:synth",
    **operations.VERBS,
    "incident": "emulator.cli.incident:app",
}


def main(further: "dict[str, str | Verb] | None" = None) -> None:
    """Run a verb: one of the harness's, or of those that are handed over."""
    command = Verbs(
        VERBS | (further or {}), "Runs the pipeline on this machine: an emulated AWS, a fake OnlyFans, one clock."
    )
    with failures.told(), _clock_told():
        command(prog_name="./huntaze", obj=Workplace(running, places.state_directory(), drawn))


def running() -> "Target":
    """Return the pipeline of the harness that is up."""
    from emulator.console.reading.place import target_of  # noqa: PLC0415 - a command's start does without it
    from emulator.harness import run_file  # noqa: PLC0415 - as above

    return target_of(run_file.read(places.state_directory() / "run.json"))


def drawn(bundle: "Bundle") -> str:
    """Return an incident as one page."""
    from emulator.drawing import incident  # noqa: PLC0415 - as above

    return incident.page(bundle)


@contextmanager
def _clock_told() -> Iterator[None]:
    """Let the refusals of the emulator and its clock be told to people: they say what is allowed."""
    try:
        yield
    except Exception as error:
        from localprocs.host.errors import CloudError  # noqa: PLC0415 - as above
        from localprocs.vclock import ClockError  # noqa: PLC0415 - as above

        if isinstance(error, ClockError | CloudError):
            raise HarnessError(str(error)) from error
        raise
