"""The job: what is taken, and what names it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import MAX_JOB_BYTES
from tests.unit.rate_limiter.records import payload

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.requirement("2.2")
@settings(deadline=None, derandomize=True)
@given(json_values, st.randoms(use_true_random=False))
def test_a_job_is_named_by_its_content_and_not_by_its_spelling(extra: Any, random: Any) -> None:
    """Order of keys, spaces and escapes do not matter; what is not in the schema does."""
    content = payload(extra=extra)
    shuffled = list(content.items())
    random.shuffle(shuffled)

    name = jobs.parse(json.dumps(content)).job_id

    assert jobs.parse(json.dumps(dict(shuffled), indent=2, ensure_ascii=False)).job_id == name
    assert jobs.parse(json.dumps(payload(extra=[extra]))).job_id != name


@pytest.mark.parametrize(
    "body",
    [
        '{"action": NaN}',
        json.dumps(payload()).replace('"Hello"', "1e999"),
        json.dumps(payload(extra=1)).replace("1}", "1e999}"),
        json.dumps(payload(extra="x")).replace('"x"', r'"\ud800"'),
        json.dumps(payload(extra=1)).replace('"extra": 1', '"extra": ' + "[" * 90_000 + "]" * 90_000),
        json.dumps(payload(creator_id="a creator")),
        json.dumps(payload(creator_id="créateur")),
        json.dumps(payload(creator_id="c" * 129)),
        json.dumps(payload(timestamp="yesterday")),
        json.dumps(payload(media_urls=[])),
        json.dumps(payload(metadata={"priority": "urgent"})),
        '"text"',
    ],
    ids=lambda body: body[-40:],
)
def test_what_cannot_be_carried_out_is_refused_with_a_reason(body: str) -> None:
    """In words that do not repeat what the job says."""
    with pytest.raises(InvalidJob) as error:
        jobs.parse(body)

    assert str(error.value)
    assert "Hello" not in str(error.value)


def test_the_size_counts_in_bytes() -> None:
    """An emoji is four of them."""
    room = MAX_JOB_BYTES - len(json.dumps(payload(extra="")).encode())
    fits = json.dumps(payload(extra="x" * room))

    assert len(fits.encode()) == MAX_JOB_BYTES
    jobs.parse(fits)
    with pytest.raises(InvalidJob, match="bytes"):
        jobs.parse(json.dumps(payload(extra="x" * (room + 1))))
    with pytest.raises(InvalidJob, match="bytes"):
        jobs.parse(json.dumps(payload(extra="🌙" * (room // 4 + 1)), ensure_ascii=False))


def test_the_account_is_the_creator_or_else_the_user() -> None:
    """And the correlation id is the producer's, or the job's own."""
    content = {"action": "scrape_profile", "timestamp": "2025-01-01T00:00:00Z", "profile_url": "p", "user_id": "u"}
    job = jobs.parse(json.dumps(content))

    assert (job.account, job.group_id, job.correlation_id) == ("u", "u", job.job_id)
    traced = jobs.parse(json.dumps({**content, "creator_id": "c", "metadata": {"correlation_id": "t"}}))
    assert (traced.account, traced.correlation_id) == ("c", "t")
