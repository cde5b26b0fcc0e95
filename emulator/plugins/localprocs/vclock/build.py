"""Compiles the preload library, once for each state of its source."""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from localprocs.vclock.errors import ClockUnavailable

SOURCE = Path(__file__).parent / "preload"
BUILT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localprocs"
FLAGS = (
    "-std=gnu17",
    "-O2",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    # A preloaded library has its thread-local variables from the start: no allocation in a signal handler.
    "-ftls-model=initial-exec",
    "-Wall",
    "-Wextra",
)
# Part of the C library itself since glibc 2.34.
LIBRARIES = ("-ldl", "-lpthread", "-lrt")
SUPPORTED = ("x86_64", "aarch64")


def library(directory: Path = BUILT) -> Path:
    """Return the path of the compiled library, compiling it if its source has changed.

    Raises ClockUnavailable where it cannot be built: no Linux with glibc, or no compiler.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc" or platform.machine() not in SUPPORTED:
        message = f"the virtual clock needs Linux with glibc on {' or '.join(SUPPORTED)}"
        raise ClockUnavailable(message)
    built = directory / f"vclock-{_fingerprint()}.so"
    if not built.exists():
        _compile(built)
    return built


def compiler() -> list[str]:
    """Return the command of a C compiler: the system's, else the one in the ziglang wheel."""
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    message = "the virtual clock needs a C compiler once: install cc, or the package ziglang"
    raise ClockUnavailable(message)


def _sources() -> list[Path]:
    return sorted(SOURCE.glob("*.[ch]"))


def _fingerprint() -> str:
    digest = hashlib.sha256(" ".join((*FLAGS, *LIBRARIES, platform.machine())).encode())
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _compile(built: Path) -> None:
    built.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=built.parent, prefix="building-") as scratch:
        output = Path(scratch) / built.name
        sources = [str(path) for path in _sources() if path.suffix == ".c"]
        command = [*compiler(), *FLAGS, *sources, "-o", str(output), *LIBRARIES]
        caches = {"ZIG_GLOBAL_CACHE_DIR": scratch, "ZIG_LOCAL_CACHE_DIR": scratch}
        done = subprocess.run(command, env=os.environ | caches, check=False, capture_output=True, text=True)
        if done.returncode != 0 or not output.exists():
            message = f"the virtual clock could not be compiled with {command[0]}: {done.stderr.strip()[-500:]}"
            raise ClockUnavailable(message)
        # Whoever builds at the same time puts the same file there.
        output.replace(built)
