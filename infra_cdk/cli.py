"""``synth``: the cloud assembly, and where it lies."""

from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import console, print_json, progress
from infra_cdk.synthesis import synthesise


def synth(*, json: Json = False) -> None:
    """Synthesise the cloud assembly (cached by its inputs) and say where it lies."""
    with progress(quiet=json) as tell:
        tell("synthesising")
        assembly = synthesise({})
    if json:
        print_json({"assembly": str(assembly)})
    else:
        console.print(str(assembly))
