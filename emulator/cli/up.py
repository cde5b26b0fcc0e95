"""``up``: the harness in the foreground. ``down``: its end."""

import fcntl
import signal
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer
from localprocs import processes
from localprocs.host import living_file
from localprocs.vclock.clock import parse_speed

from emulator.console.web.server import console_over
from emulator.harness import places, run_file
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import complain, console, print_json, progress

STOP_TIMEOUT_SECONDS = 60
Speed = Annotated[
    str | None,
    typer.Option(
        metavar="auto|N",
        help="Virtual seconds a real second; auto: time leaps whenever nobody works; else, if not told, the wall's clock.",
    ),
]


def up(
    speed: Speed = None,
    aws_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the emulated AWS; 0 for a free one.")] = 0,
    site_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the fake site; 0 for a free one.")] = 0,
    *,
    containers: Annotated[bool, typer.Option("--containers", help="All of it in a Docker engine.")] = False,
    listen: Annotated[str, typer.Option(help="Address that the emulated AWS listens on.")] = "127.0.0.1",
    site_url: Annotated[str, typer.Option(help="A fake site that runs already.")] = "",
    task_image: Annotated[str, typer.Option(help="Run tasks as this image of a Docker engine.")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Open the console in a browser.")] = False,
    traces: Annotated[
        bool, typer.Option("--traces", help="Have tasks record their browsers, for the console's traces of jobs.")
    ] = False,
) -> None:
    """Start everything, write run.json, and stay until Ctrl-C."""
    options = Options(
        speed=None if speed is None else parse_speed(speed),
        aws_port=aws_port,
        site_port=site_port,
        in_containers=containers,
        listen=listen,
        site_url=site_url,
        task_image=task_image,
        traced=traces,
    )
    with _alone():
        _run(options, opens=open_)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep any other harness out of the state folder, from before the start until after the end."""
    state = places.state_directory()
    running = run_file.find(state / "run.json")
    with (state / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_free = False
        else:
            is_free = running is None
        if not is_free:
            which = f"process {running.pid}" if running else "it is just starting or stopping"
            raise HarnessError(
                f"a harness is up here already ({which}). Use it, stop it with ./huntaze down, "
                "or set HUNTAZE_STATE to another folder to run a second one."
            )
        yield


def _run(options: Options, *, opens: bool) -> None:
    path = places.state_directory() / "run.json"
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    # Before anything is started: a signal in the middle of the start must stop what stands so far.
    signal.signal(signal.SIGTERM, _interrupt)
    with progress() as tell:
        harness = Harness(options, tell)
        harness.__enter__()
    try:
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        with console_over(harness.run) as run:
            living_file.write(run, path)
            console.print(f"[green]up[/]  [bold]{run.console_url}[/] shows it all", soft_wrap=True)
            console.print(f"    AWS {run.aws_endpoint_url}  site {run.site_url}  speed {run.speed}", soft_wrap=True)
            console.print(
                f"    {path} tells programs the rest; ./huntaze status shows it; Ctrl-C stops it", soft_wrap=True
            )
            if opens:
                webbrowser.open(run.console_url)
            told = ""
            while not stop.wait(1):
                harness.require_running()
                if (words := harness.want_of_room()) != told:
                    told = words
                    complain(words or "there is room on the disk again")
    finally:
        path.unlink(missing_ok=True)
        with progress() as tell:
            tell("stopping")
            harness.stop()


def down(*, json: Json = False) -> None:
    """Stop the harness that is up."""
    running = run_file.find(places.state_directory() / "run.json")
    if running is not None:
        processes.signal_if(lambda: living_file.is_alive(running), running.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while living_file.is_alive(running):
            if time.monotonic() > deadline:
                raise HarnessError(
                    f"process {running.pid} did not stop within {STOP_TIMEOUT_SECONDS} s: kill -9 it; its children go with it"
                )
            time.sleep(0.05)
    if json:
        print_json({"stopped": running is not None})
    else:
        console.print("stopped" if running else "nothing was up")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
