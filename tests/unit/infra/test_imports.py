"""What a module imports, read without running it."""

from pathlib import Path

from infra_cdk.imports import closure


def _write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_imports_of_imports_are_found(tmp_path: Path) -> None:
    """With the package files above them; absolute, relative, of a module and of a name in one."""
    _write(
        tmp_path,
        {
            "it/__init__.py": "",
            "it/start.py": "import json\nfrom it.first import thing\n",
            "it/first.py": "from . import second\n",
            "it/second.py": "from it.inner.third import other\n",
            "it/inner/__init__.py": "from it import behind\n",
            "it/inner/third.py": "",
            "it/behind.py": "",
            "it/unused.py": "",
        },
    )
    found = closure(tmp_path, [tmp_path / "it" / "start.py"], "it")
    assert {str(file.relative_to(tmp_path / "it")) for file in found} == {
        "__init__.py",
        "start.py",
        "first.py",
        "second.py",
        "inner/__init__.py",
        "inner/third.py",
        "behind.py",
    }


def test_what_only_type_checkers_read_is_left_out(tmp_path: Path) -> None:
    """It is not imported when the module runs."""
    _write(
        tmp_path,
        {
            "it/__init__.py": "",
            "it/start.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import it.types\n",
            "it/types.py": "",
        },
    )
    assert tmp_path / "it" / "types.py" not in closure(tmp_path, [tmp_path / "it" / "start.py"], "it")
