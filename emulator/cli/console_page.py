"""``console``: the page over the harness that is up, or, read-only, over what is deployed on AWS."""

import webbrowser
from typing import Annotated

import typer

from emulator.console.reading import place
from emulator.console.web.server import ConsoleServer
from emulator.harness import places, run_file
from emulator.harness.errors import HarnessError
from huntaze_scraper.operations.cli.screen import console as screen

BACKENDS = ("emulator", "aws")


def console(
    backend: Annotated[
        str, typer.Option(help="emulator, or aws by the session's credentials, read-only.")
    ] = "emulator",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 for a free one.")] = 0,
    *,
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Serve the console until Ctrl-C."""
    if backend not in BACKENDS:
        raise HarnessError(f"there is no backend {backend!r}; there are {' and '.join(BACKENDS)}")
    if backend == "aws":
        deployed = place.on_aws()
        server = ConsoleServer(lambda: deployed, port=port, can_change=False)
    else:
        file = places.state_directory() / "run.json"
        run_file.read(file)
        server = ConsoleServer(place.of_file(file), port=port)
    screen.print(f"[bold]{server.url}[/] shows it; Ctrl-C stops it", soft_wrap=True)
    if open_:
        webbrowser.open(server.url)
    server.run()
