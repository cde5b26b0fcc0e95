"""What the limiter's tests share."""

from collections.abc import Iterator
from functools import cache

import pytest

from huntaze_scraper import jobs


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and a region that lead nowhere."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="module")
def each_body_read_once() -> Iterator[None]:
    """A message that is received again is read no more: that took a third of a history's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "parse", cache(jobs.parse))
        yield
