"""A function's zip: the modules that it imports and its locked dependencies, byte for byte the same from the same inputs."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra_cdk.imports import closure, imported

PACKAGE = "huntaze_scraper"
LIMITER, ROTATION = "rate_limiter", "rotation"
DEPENDENCY_GROUPS = {LIMITER: "limiter", ROTATION: "rotation"}
IN_THE_RUNTIME = {"boto3", "botocore"}
"""Lambda's Python brings these."""
LEFT_OUT = {
    "aws_lambda_powertools": (
        "event_handler",
        *(
            f"utilities/{name}"
            for name in (
                *("auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka"),
                *("parameters", "parser", "streaming", "validation"),
            )
        ),
    )
}
"""Parts of the dependencies that no function of ours imports: most of their bytes."""
# What an installer writes about the installation itself differs from one machine to the next.
INSTALLER_FILES = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
EARLIEST = (1980, 1, 1, 0, 0, 0)


class BundleFailed(Exception):
    """The zip could not be made."""


def build(root: Path, out: Path, function: str = LIMITER) -> Path:
    """Write the zip of the function (a folder of the package) for the project at ``root`` to the file ``out``.

    Raises:
        BundleFailed: uv is missing or failed, or the function imports what its zip would not hold.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    source = root / "src"
    modules = modules_of(source, function)
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder)
        if function in DEPENDENCY_GROUPS:
            _install(root, DEPENDENCY_GROUPS[function], content)
        _require_whole(source, modules, content)
        for file in [*modules, source / PACKAGE / "py.typed", *(source / PACKAGE / "schemas").glob("*.json")]:
            target = content / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        _pack(content, out)
    return out


def modules_of(source: Path, function: str) -> list[Path]:
    """Return every module of ours that the function may import."""
    return closure(source, sorted((source / PACKAGE / function).rglob("*.py")), PACKAGE)


def _require_whole(source: Path, modules: list[Path], content: Path) -> None:
    held = {
        PACKAGE,
        *IN_THE_RUNTIME,
        *sys.stdlib_module_names,
        *(each.name.split(".")[0] for each in content.iterdir()),
    }
    absent = sorted(set(_outside(source, modules, held)))
    if absent:
        raise BundleFailed(f"the zip would lack what its modules import: {'; '.join(absent)}")


def _outside(source: Path, modules: list[Path], held: set[str]) -> Iterator[str]:
    for module in modules:
        for name in imported(module, source):
            top = name.split(".")[0]
            if top not in held:
                yield f"{top} ({module.relative_to(source)})"


def _install(root: Path, group: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        _uv(root, "export", "--frozen", "--only-group", group, "--no-emit-project", "--output-file", requirements)
        _uv(
            root,
            *("pip", "install", "--target", target, "--requirements", requirements, "--require-hashes", "--no-deps"),
            *("--only-binary", ":all:", "--python-version", "3.13", "--python-platform", "aarch64-manylinux2014"),
            *("--no-compile-bytecode", "--link-mode", "copy"),
        )
    shutil.rmtree(target / "bin", ignore_errors=True)
    for package, parts in LEFT_OUT.items():
        for part in parts:
            shutil.rmtree(target / package / part, ignore_errors=True)


def _uv(root: Path, *arguments: str | Path) -> None:
    command = [uv(root), *map(str, arguments)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BundleFailed(f"uv {arguments[0]} failed: {ran.stderr.strip()}")


def uv(root: Path) -> str:
    """Return the path of the uv that installs packages here.

    Raises:
        BundleFailed: there is none.
    """
    own = root / ".huntaze" / "tools" / "bin" / "uv"
    found = os.environ.get("UV") or (str(own) if own.is_file() else shutil.which("uv"))
    if not found:
        raise BundleFailed("uv is missing: run ./huntaze, which gets it, or install it")
    return found


def _pack(content: Path, out: Path) -> None:
    files = sorted(file for file in content.rglob("*") if file.is_file() and not _is_about_installation(file))
    # Stored, not deflated: compressed bytes differ between builds of zlib, and the digest must not.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(content).as_posix(), EARLIEST)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, file.read_bytes())


def _is_about_installation(file: Path) -> bool:
    return file.name == ".lock" or (file.name in INSTALLER_FILES and file.parent.suffix == ".dist-info")
