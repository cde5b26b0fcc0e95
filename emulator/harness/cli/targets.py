"""Where an operator's verb works, and what is shared by those verbs' options."""

from typing import Annotated

import typer

from emulator.harness import places, run_file, target
from emulator.harness.target import Target

Aws = Annotated[
    bool,
    typer.Option(
        "--aws",
        help="Work on what is deployed where the default AWS credentials lead; else on the harness that is up.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def chosen(*, aws: bool) -> Target:
    """Return the pipeline that is meant."""
    return target.deployed() if aws else target.of_run(run_file.read(places.state_directory() / "run.json"))
