"""The cache of assemblies."""

import os
import shutil
from pathlib import Path

import pytest

from infra_cdk import bundle, synthesis
from infra_cdk.imports import closure


def test_the_same_inputs_are_synthesised_once() -> None:
    """The assembly that is there is returned as it is."""
    made = synthesis.synthesise()
    written = {it: it.stat().st_mtime_ns for it in made.rglob("*")}
    assert synthesis.synthesise() == made
    assert {it: it.stat().st_mtime_ns for it in made.rglob("*")} == written


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the inputs, to be changed."""
    for each in synthesis.INPUTS:
        source, target = synthesis.ROOT / each, tmp_path / each
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    monkeypatch.setattr(synthesis, "ROOT", tmp_path)
    monkeypatch.setattr(synthesis, "ASSEMBLIES", tmp_path / "assemblies")
    return tmp_path


@pytest.mark.parametrize("file", ["infra_cdk/queues.py", "src/huntaze_scraper/jobs.py", "uv.lock"])
def test_a_changed_input_asks_for_a_new_assembly(project: Path, file: str) -> None:
    """Code of the app, code of a function, a locked version."""
    before = synthesis.inputs_hash({})
    path = project / file
    path.write_text(path.read_text() + "\n")
    assert synthesis.inputs_hash({}) != before


def test_a_new_file_asks_for_a_new_assembly(project: Path) -> None:
    """Also an empty one."""
    before = synthesis.inputs_hash({})
    (project / "src/huntaze_scraper/rate_limiter/added.py").touch()
    assert synthesis.inputs_hash({}) != before


def test_the_context_asks_for_an_assembly_of_its_own() -> None:
    """Two contexts live side by side."""
    assert synthesis.inputs_hash({}) != synthesis.inputs_hash({"scaling": "backlog_per_task"})


def test_a_change_of_the_worker_keeps_the_assembly(project: Path) -> None:
    """Its code is in the image: the templates and the zips stay as they are."""
    before = synthesis.inputs_hash({})
    (project / "src/huntaze_scraper/worker").mkdir(exist_ok=True)
    (project / "src/huntaze_scraper/worker/added.py").touch()
    assert synthesis.inputs_hash({}) == before


def test_the_assembly_is_made_from_inputs_alone() -> None:
    """Whatever the app and the functions import is hashed."""
    source = synthesis.ROOT / "src"
    hashed = set(synthesis._input_files())
    app = closure(source, sorted((synthesis.ROOT / "infra_cdk").glob("*.py")), bundle.PACKAGE)
    used = {file for file in app if file.is_relative_to(source)}
    used.update(*(bundle.modules_of(source, function) for function in (bundle.LIMITER, bundle.ROTATION)))
    assert used <= hashed


def test_a_failure_is_one_line_with_the_cause(project: Path) -> None:
    """And leaves nothing behind that looks like an assembly."""
    (project / "infra_cdk" / "app.py").write_text('raise RuntimeError("the queue has no name")\n')
    with pytest.raises(synthesis.SynthesisFailed, match=r"^RuntimeError: the queue has no name$"):
        synthesis.synthesise()
    assert not list((project / "assemblies").glob("[!.]*"))
    assert not list((project / "assemblies").glob(".making*"))


def test_the_command_says_where_the_assembly_lies(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, for a script."""
    assert synthesis.main([]) == 0
    assert capsys.readouterr().out == f"{synthesis.synthesise()}\n"


@pytest.mark.parametrize(
    ("argument", "said"),
    [("scaling", "is not of the form name=value"), ("scaling=up", "queue_depth or backlog_per_task")],
)
def test_the_command_says_what_is_wrong(argument: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and exit code 1."""
    assert synthesis.main([argument]) == 1
    assert said in capsys.readouterr().err


def test_old_assemblies_are_dropped(project: Path) -> None:
    """The ones used last stay, and so does each that was used a moment ago."""
    folder = project / "assemblies"
    for number in range(synthesis.KEPT + 3):
        old = folder / f"{number:016x}"
        old.mkdir(parents=True)
        if number:
            os.utime(old, (number, number))
    synthesis._drop_old()
    assert len(list(folder.iterdir())) == synthesis.KEPT
    assert (folder / f"{0:016x}").exists()
