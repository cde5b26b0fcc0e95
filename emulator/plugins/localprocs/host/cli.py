"""``localprocs``: a cloud of one's own, from the wheel: ``up``, ``env``, ``save``, ``down``."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from localprocs import processes
from localprocs.host import living_file, run_file
from localprocs.host.cloud import HOME, Cloud, place_of, write_state
from localprocs.host.errors import CloudError
from localprocs.host.iam_command import iam
from localprocs.host.log_follower import LogFollower
from localprocs.vclock import ClockError
from localprocs.vclock.clock import parse_speed

STOP_TIMEOUT_SECONDS = 60
FILE = click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=run_file.default_path,
    help="Where the cloud that is up is told of; LOCALPROCS_FILE, else one place a user.",
)


class Commands(click.Group):
    """Tells what people can do something about in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (CloudError, ClockError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
def main() -> None:
    """An AWS of this machine's processes, with a clock of its own; no Docker."""


@main.command()
@click.option("--app", type=click.Path(file_okay=False, path_type=Path), help="Deploy what `cdk synth` wrote there.")
@click.option("--template", type=click.Path(dir_okay=False, path_type=Path), help="Deploy this template.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Of what is deployed.")
@click.option("--speed", metavar="auto|N", help="Virtual seconds a real second; auto: time leaps when nobody works.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where it answers; 0 for a free port.")
@click.option("--from", "source", type=click.Path(dir_okay=False, path_type=Path), help="Begin with what `save` wrote.")
@FILE
def up(
    *,
    app: Path | None,
    template: Path | None,
    parameters: tuple[str, ...],
    speed: str | None,
    port: int,
    source: Path | None,
    file: Path,
) -> None:
    """Start a cloud, deploy what is named, follow its logs, and stay until Ctrl-C."""
    if app and template:
        raise click.UsageError("name --app or --template, not both")
    given = dict(_pair(each) for each in parameters)
    checked = None if speed is None else parse_speed(speed)
    if found := run_file.find(file):
        raise CloudError(
            f"a cloud is up already (process {found.pid}): stop it with `localprocs down`, or name a --file"
        )
    what = app or template
    place = place_of(what) if what else HOME
    with _ending() as is_over, Cloud(speed=checked, port=port, place=place, source=source, tell=_tell) as cloud:
        if what:
            for name, value in cloud.deploy(what, given).items():
                _tell(f"{name} = {value}")
        try:
            is_over(0.0)  # who reads the file may end this: from here on a signal is an answer
            living_file.write(cloud.run, file)
            _tell(f'up at {cloud.endpoint_url}; in another shell: eval "$(localprocs env)"; Ctrl-C stops it')
            _stay(cloud, is_over)
        finally:
            file.unlink(missing_ok=True)


@main.command()
@click.option("--clock", is_flag=True, help="Also put the shell, and what it starts, on the cloud's clock.")
@FILE
def env(*, file: Path, clock: bool) -> None:
    """Print what leads a shell to the cloud that is up: eval "$(localprocs env)"."""
    run = run_file.read(file)
    click.echo(f"unset {' '.join(run_file.UNWANTED_VARIABLES)}")
    for name, value in (run.variables | (run.clock_env if clock else {})).items():
        click.echo(f"export {name}={value}")


@main.command()
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@FILE
def save(*, target: Path, file: Path) -> None:
    """Write all that the cloud that is up holds to a file: `localprocs up --from FILE` begins with it."""
    write_state(run_file.read(file).aws_endpoint_url, target)
    _tell(f"saved to {target}")


@main.command()
@FILE
def down(*, file: Path) -> None:
    """Stop the cloud that is up."""
    run = run_file.find(file)
    if run is None:
        _tell("nothing was up")
        return
    processes.signal_if(lambda: living_file.is_alive(run), run.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while living_file.is_alive(run):
        if time.monotonic() > deadline:
            raise CloudError(f"process {run.pid} did not stop within {STOP_TIMEOUT_SECONDS} s: kill -9 it")
        time.sleep(0.05)
    _tell("stopped")


main.add_command(iam)


@contextmanager
def _ending() -> Iterator[Callable[[float], bool]]:
    """Turn the signals that end a program into an exception, and, once what is started stands, into an answer.

    Gives a function that waits so many seconds, and returns whether the end has come.
    """
    over, is_waiting = threading.Event(), threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        first = not over.is_set()
        over.set()
        if first and not is_waiting.is_set():
            raise KeyboardInterrupt

    def wait(seconds: float) -> bool:
        is_waiting.set()
        return over.wait(seconds)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield wait
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stay(cloud: Cloud, is_over: Callable[[float], bool]) -> None:
    follower = LogFollower(cloud.client("logs"), click.echo)
    while not is_over(1.0):
        cloud.require_running()
        follower.look()


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.UsageError(f"--parameter {text}: write NAME=VALUE")
    return name, value
