"""The emulator beside its peers, in one run: ready, SQS operations a second, memory, a deployment, a checkpoint.

Peers are installed into ``.huntaze/bench/`` from PyPI and npm by the first run. An operation is a call that was answered:
a message is sent, received and deleted, one at a time. Clients are processes; each server has the machine to itself.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from botocore.exceptions import BotoCoreError, ClientError
from localprocs.host import emulator
from localprocs.host.child import Child, free_port
from localprocs.host.cloud import Cloud
from rich.console import Console
from rich.table import Table

from benchmarks.emulators.clients import BODY, fill, operations, sqs_at
from benchmarks.emulators.peers import NODE, PEERS
from emulator.harness import places

MESSAGES = 100_000
READY_SECONDS = 120
RESTORES = 10
LIMITS = {"ready s": 1.0, "1 client ops/s": 500, "8 clients ops/s": 1000, "restore ms": 200}
"""What was promised: seconds and milliseconds at most, operations at least."""


@contextmanager
def served(start: Callable[[int, Path], Child]) -> Iterator[tuple[str, float, Child]]:
    """Give a server's address, the seconds until it answered, and its process; stop it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        begun = time.monotonic()
        child = start(port, Path(folder))
        try:
            url = f"http://127.0.0.1:{port}"
            _await(child, url)
            yield url, time.monotonic() - begun, child
        finally:
            child.stop()


def ours(port: int, folder: Path) -> Child:
    """Start the emulator with the plug-ins, on the machine's clock, as ``localprocs up`` does."""
    return emulator.start(port, folder / "files", folder / "log", {}, python=str(places.PLUGINS_PYTHON))


def measure(start: Callable[[int, Path], Child], seconds: float, messages: int) -> dict[str, float]:
    """Return the figures of one server."""
    with served(start) as (url, ready, child):
        found = {"ready s": ready, "1 client ops/s": operations(url, 1, seconds)}
        found["8 clients ops/s"] = operations(url, 8, seconds)
        before = _megabytes(child)
        fill(url, messages)
        return found | {"MB": _megabytes(child), "MB of messages": _megabytes(child) - before}


def measure_deploy(assembly: Path) -> dict[str, float]:
    """Return the seconds until an assembly stands, in a cloud that is ready, as the fixtures have it."""
    with Cloud(speed="auto", python=str(places.PLUGINS_PYTHON)) as cloud:
        return {"deploy s": _milliseconds(lambda: cloud.deploy(assembly)) / 1000}


def synthesise(folder: Path) -> Path:
    """Write the tests' application of events as CDK does: functions, queues, rules, a workflow, a bucket, doors."""
    code = (
        "import sys; from aws_cdk import App; from tests.integration.apps.event_app import EventApp; "
        "app = App(outdir=sys.argv[1]); EventApp(app, 'EventApp', word='one'); app.synth()"
    )
    env = {**os.environ, "PATH": f"{NODE / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([places.PYTHON, "-c", code, folder], cwd=places.ROOT, env=env, check=True, capture_output=True)
    return folder


def measure_checkpoint() -> dict[str, float]:
    """Return the milliseconds of a checkpoint and of restores, of a cloud that holds some thousand things."""
    with Cloud(speed="auto", python=str(places.PLUGINS_PYTHON)) as cloud:
        _furnish(cloud)
        took = [_milliseconds(cloud.checkpoint)]
        restore = cloud.checkpoint()
        restores = [_milliseconds(restore) for _ in range(RESTORES)]
    return {"checkpoint ms": took[0], "restore ms": statistics.median(restores), "slowest restore ms": max(restores)}


def _furnish(cloud: Cloud) -> None:
    """Put 1,000 messages, 1,000 items and 100 objects there."""
    sqs, dynamodb, s3 = cloud.client("sqs"), cloud.client("dynamodb"), cloud.client("s3")
    fill(cloud.endpoint_url, 1000)
    sqs.create_queue(QueueName="more")
    schema: dict[str, Any] = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}
    kinds = [{"AttributeName": "k", "AttributeType": "S"}]
    dynamodb.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=kinds, **schema)
    for begin in range(0, 1000, 25):
        puts = [{"PutRequest": {"Item": {"k": {"S": str(n)}, "v": {"S": BODY}}}} for n in range(begin, begin + 25)]
        dynamodb.batch_write_item(RequestItems={"t": puts})
    s3.create_bucket(Bucket="bench")
    for number in range(100):
        s3.put_object(Bucket="bench", Key=str(number), Body=BODY.encode())


def _await(child: Child, url: str) -> None:
    sqs, deadline = sqs_at(url), time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        child.require_running()
        try:
            sqs.list_queues()
        except (BotoCoreError, ClientError):
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"{child.name} did not answer within {READY_SECONDS} s: {child.log.read_text()[-500:]}")


def _megabytes(child: Child) -> float:
    root = psutil.Process(child.pid)
    return sum(it.memory_info().rss for it in [root, *root.children(recursive=True)]) / 1e6


def _milliseconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="huntaze bench emulator", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each measure of operations")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="that are held when memory is looked at")
    parser.add_argument("--only", nargs="*", help="these servers alone")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    tell = Console(stderr=True)
    starts: dict[str, Callable[[int, Path], Child]] = {"localprocs": ours}
    for peer in PEERS:
        if not options.only or peer.name in options.only:
            peer.install()
            starts[peer.name] = peer.start
    with served(ours):
        pass  # what the first start on a machine makes once is no part of any figure
    figures = {}
    for name, start in starts.items():
        figures[name] = measure(start, options.seconds, options.messages)
        tell.print(f"{name}: {', '.join(f'{what} {value:.4g}' for what, value in figures[name].items())}")
    with tempfile.TemporaryDirectory() as folder:
        figures["localprocs"] |= measure_deploy(synthesise(Path(folder, "cdk.out")))
    figures["localprocs"] |= measure_checkpoint()
    load = os.getloadavg()[0]
    if options.json:
        print(json.dumps({"figures": figures, "load": load, "limits": LIMITS}))
        return
    columns = list(figures["localprocs"])
    table = Table("", *columns, title=f"load of the machine at the end: {load:.1f} on {os.cpu_count()} cores")
    for name, row in figures.items():
        table.add_row(name, *(f"{row[it]:.4g}" if it in row else "" for it in columns))
    Console().print(table)


if __name__ == "__main__":
    main()
