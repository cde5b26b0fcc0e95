"""The limiter's zip: its modules and its locked dependencies, byte for byte the same from the same inputs."""

import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from infra_cdk.imports import closure

PACKAGE = "huntaze_scraper"
NOT_IN_LAMBDA = ("worker", "onlyfans")
# What an installer writes about the installation itself differs from one machine to the next.
INSTALLER_FILES = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
EARLIEST = (1980, 1, 1, 0, 0, 0)


class BundleFailed(Exception):
    """The limiter's zip could not be made."""


def build(root: Path, out: Path) -> Path:
    """Write the zip for the project at ``root`` to the file ``out`` and return it.

    Raises:
        BundleFailed: uv is missing or failed, or the limiter imports what only the scraper's image has.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder)
        _install_dependencies(root, content)
        for file in _own_files(root / "src"):
            target = content / file.relative_to(root / "src")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        _pack(content, out)
    return out


def _own_files(source: Path) -> list[Path]:
    package = source / PACKAGE
    roots = [package / "__init__.py", *sorted((package / "rate_limiter").rglob("*.py"))]
    modules = closure(source, roots, PACKAGE)
    foreign = [file for file in modules if file.relative_to(package).parts[0] in NOT_IN_LAMBDA]
    if foreign:
        names = ", ".join(str(file.relative_to(source)) for file in foreign)
        raise BundleFailed(f"the limiter imports what only the scraper's image has: {names}")
    return [*modules, package / "py.typed", *sorted((package / "schemas").glob("*.json"))]


def _install_dependencies(root: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        _uv(root, "export", "--frozen", "--only-group", "limiter", "--no-emit-project", "--output-file", requirements)
        _uv(
            root,
            *("pip", "install", "--target", target, "--requirements", requirements, "--require-hashes", "--no-deps"),
            *("--only-binary", ":all:", "--python-version", "3.13", "--python-platform", "aarch64-manylinux2014"),
            *("--no-compile-bytecode", "--link-mode", "copy"),
        )
    shutil.rmtree(target / "bin", ignore_errors=True)


def _uv(root: Path, *arguments: str | Path) -> None:
    command = [_uv_path(root), *map(str, arguments)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BundleFailed(f"uv {arguments[0]} failed: {ran.stderr.strip()}")


def _uv_path(root: Path) -> str:
    own = root / ".huntaze" / "tools" / "bin" / "uv"
    found = os.environ.get("UV") or (str(own) if own.is_file() else shutil.which("uv"))
    if not found:
        raise BundleFailed("uv is missing: run ./huntaze, which gets it, or install it")
    return found


def _pack(content: Path, out: Path) -> None:
    files = sorted(
        file for file in content.rglob("*") if file.is_file() and not _is_about_installation(file.relative_to(content))
    )
    # Stored, not deflated: compressed bytes differ between builds of zlib, and the digest must not.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(content).as_posix(), EARLIEST)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, file.read_bytes())


def _is_about_installation(file: Path) -> bool:
    return file.name == ".lock" or (file.name in INSTALLER_FILES and file.parent.suffix == ".dist-info")
