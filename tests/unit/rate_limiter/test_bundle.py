"""What ships to Lambda: pure Python, small, the same from the same inputs."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from huntaze_scraper.settings import RateLimiterSettings
from infra_cdk import bundle
from infra_cdk.rate_limiter import HANDLER

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The limiter's zip."""
    return bundle.build(ROOT, tmp_path_factory.mktemp("bundle") / "limiter.zip")


def test_it_is_under_one_and_a_half_megabytes(zipped: Path) -> None:
    """What is not there is not loaded at a cold start."""
    assert zipped.stat().st_size < MOST_BYTES


def test_it_is_pure_python(zipped: Path) -> None:
    """So that it runs on any CPU."""
    with zipfile.ZipFile(zipped) as archive:
        binaries = [name for name in archive.namelist() if name.endswith((".so", ".pyd", ".dylib", ".pyc"))]

    assert binaries == []


def test_the_same_inputs_give_the_same_digest(zipped: Path, tmp_path: Path) -> None:
    """Deploying what did not change changes nothing."""
    again = bundle.build(ROOT, tmp_path / "again.zip")

    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(zipped.read_bytes()).digest()


def test_its_handler_is_found_with_boto3_and_the_bundle_alone(zipped: Path, tmp_path: Path) -> None:
    """Lambda's runtime brings boto3; everything else has to be in the zip."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    site = Path(next(path for path in sys.path if (Path(path) / "boto3").is_dir()))
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py"):
        (runtime / name).symlink_to(site / name)
    settings = RateLimiterSettings(
        ingress_queue_url="https://i",
        ingress_dlq_url="https://d",
        workflows_queue_url="https://w",
        state_table="s",
        line_table="l",
    )
    module, _, function = HANDLER.rpartition(".")
    code = f"import sys; sys.path[:0] = {[str(zipped), str(runtime)]!r}; import {module} as m; print(callable(m.{function}))"

    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        env={
            **settings.to_env(),
            "PATH": os.environ["PATH"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "huntaze-rate-limiter",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stdout.strip(), ran.returncode) == ("True", 0), ran.stderr
