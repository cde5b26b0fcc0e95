"""The functions' zips."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from infra_cdk import bundle
from infra_cdk.synthesis import ROOT


@pytest.fixture(scope="module")
def limiter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the limiter's zip."""
    return bundle.build(ROOT, tmp_path_factory.mktemp("bundle") / "limiter.zip")


def _names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def test_the_same_inputs_give_the_same_bytes(limiter: Path, tmp_path: Path) -> None:
    """Else every deployment would replace the function."""
    again = bundle.build(ROOT, tmp_path / "again.zip")
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(limiter.read_bytes()).digest()


def test_the_limiters_zip_holds_what_it_imports(limiter: Path) -> None:
    """Its modules, the schema, its locked dependencies."""
    names = _names(limiter)
    assert "huntaze_scraper/rate_limiter/handler.py" in names
    assert "huntaze_scraper/jobs.py" in names
    assert "huntaze_scraper/schemas/job.json" in names
    assert any(it.startswith("aws_lambda_powertools/") for it in names)
    assert any(it.startswith("fastjsonschema/") for it in names)


def test_the_limiters_zip_holds_nothing_of_the_scraper(limiter: Path) -> None:
    """Nor what Lambda brings, nor compiled code: it runs on any CPU."""
    names = _names(limiter)
    for foreign in ("huntaze_scraper/worker/", "huntaze_scraper/onlyfans/", "playwright/", "boto3/", "botocore/"):
        assert not [it for it in names if it.startswith(foreign)], foreign
    assert not [it for it in names if it.endswith((".so", ".pyc", "/RECORD", "/INSTALLER"))]


def test_the_rotations_zip_holds_what_gives_the_codes(tmp_path: Path) -> None:
    """Beside that, the standard library and what Lambda brings are enough."""
    names = _names(bundle.build(ROOT, tmp_path / "rotation.zip", bundle.ROTATION))
    assert "huntaze_scraper/rotation/handler.py" in names
    assert {it.split("/")[0] for it in names} == {"huntaze_scraper", "pyotp"} | {
        it.split("/")[0] for it in names if ".dist-info/" in it
    }


def test_a_zip_that_would_lack_an_import_is_refused(tmp_path: Path) -> None:
    """At synthesis, not at the first message."""
    package = tmp_path / "src" / bundle.PACKAGE
    (package / "another").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "another" / "handler.py").write_text("import playwright.async_api\n")
    with pytest.raises(bundle.BundleFailed, match=r"playwright \(huntaze_scraper/another/handler.py\)"):
        bundle.build(tmp_path, tmp_path / "out.zip", "another")
