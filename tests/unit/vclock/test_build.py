"""The preload library is compiled once, whole or not at all."""

import importlib.util
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from localprocs.vclock import ClockUnavailable, build, library


def test_the_library_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who need it at once get one file, and later ones no compiler run."""
    with ThreadPoolExecutor(2) as pool:
        paths = set(pool.map(lambda _: library(tmp_path), range(2)))
    assert list(tmp_path.iterdir()) == list(paths)
    monkeypatch.setattr(build, "compiler", lambda: pytest.fail("compiled again"))
    assert library(tmp_path) in paths


def test_a_change_of_the_source_is_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name follows from source and flags, so nobody runs with what was compiled from an older state."""
    before = build._fingerprint()
    source = tmp_path / "preload"
    shutil.copytree(build.SOURCE, source)
    monkeypatch.setattr(build, "SOURCE", source)
    assert build._fingerprint() == before
    (source / "sleeps.c").write_text("")
    assert build._fingerprint() != before


def test_a_failed_compilation_leaves_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler's own words reach whoever asked, and no half-made file stays."""
    source = tmp_path / "preload"
    source.mkdir()
    (source / "wrong.c").write_text("this is not C")
    monkeypatch.setattr(build, "SOURCE", source)
    with pytest.raises(ClockUnavailable, match="could not be compiled"):
        library(tmp_path / "built")
    assert list((tmp_path / "built").iterdir()) == []


def test_a_path_that_the_loader_cannot_read_gets_another_name(tmp_path: Path) -> None:
    """LD_PRELOAD splits at blanks and colons: a project in such a folder is preloaded by a link."""
    from localprocs.vclock.clock import _preloadable

    odd = tmp_path / "my project: huntaze" / "vclock-test.so"
    odd.parent.mkdir()
    odd.write_bytes(b"")
    name = _preloadable(odd)
    assert not set(name) & {" ", ":"}
    assert Path(name).resolve() == odd
    assert _preloadable(odd) == name
    Path(name).unlink()


ELF_MACHINES = {"x86_64": 62, "aarch64": 183}


def compiler_for(machine: str) -> list[str]:
    """The command of a compiler for that processor, another one than this machine's too; empty where there is none."""
    if machine == platform.machine():
        return build.compiler()
    if found := shutil.which(f"{machine}-linux-gnu-gcc"):  # Debian: gcc-aarch64-linux-gnu and libc6-dev-arm64-cross
        return [found]
    if importlib.util.find_spec("ziglang"):  # where no compiler was found, set-up has brought it
        return [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu"]
    return []


@pytest.mark.parametrize("machine", [it for it in build.SUPPORTED if compiler_for(it)])
def test_the_source_compiles_without_a_warning(tmp_path: Path, machine: str) -> None:
    """For each processor that a compiler is here for; warnings are errors here as well."""
    built = tmp_path / "v.so"
    sources = [str(path) for path in build._sources() if path.suffix == ".c"]
    command = [*compiler_for(machine), *build.FLAGS, "-Werror", *sources, "-o", str(built), *build.LIBRARIES]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int.from_bytes(built.read_bytes()[18:20], "little") == ELF_MACHINES[machine]
