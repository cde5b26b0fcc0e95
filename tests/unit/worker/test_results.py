"""Where results lie, and what they look like."""

import json
import posixpath
from importlib.resources import files
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.account_path import account_path
from huntaze_scraper.errors import PageBroken, Refused
from huntaze_scraper.worker import results
from huntaze_scraper.worker.results import JobFiles
from tests.unit.worker.doubles import SENT, MemoryObjectStore, job

SCHEMAS = {
    each.name: json.loads(each.read_text())
    for each in files("huntaze_scraper").joinpath("schemas").iterdir()
    if each.name.startswith("result-")
}


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_nothing_leaves_its_accounts_prefix(account: str, job_id: str, name: str) -> None:
    """No slash, dot or unicode trick in a creator_id, a job id or a file's name reaches another place in the bucket."""
    place = results.prefix(account, job_id)
    assert place.split("/")[0] == "results"
    assert place.count("/") == 2
    assert posixpath.normpath(place) == place
    key = JobFiles(MemoryObjectStore(), account, job_id)._key(name)
    assert key.startswith(f"{place}/")
    assert key.count("/") == 3
    assert posixpath.normpath(key) == key


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_accounts_never_share_a_place(one: str, other: str) -> None:
    """The encoding tells every two names apart, also as Secrets Manager spells it."""
    assert (account_path(one) == account_path(other)) == (one == other)
    assert (account_path(one, "=") == account_path(other, "=")) == (one == other)


def test_an_accounts_place_is_readable_where_its_name_is_plain() -> None:
    """Only what could do harm is escaped."""
    assert account_path("creator_1-a") == "creator_1-a"
    assert account_path("../é~") == "%2E%2E%2F%C3%A9%7E"
    assert account_path("a.b", escape="=") == "a=2Eb"


def test_all_results_have_the_same_frame() -> None:
    """A reader needs to know seven names to read any result."""
    frames = [
        {
            name: rule
            for name, rule in schema["properties"].items()
            if name in ("job_id", "account", "finished_at", "attempts")
        }
        for schema in SCHEMAS.values()
    ]
    assert len(SCHEMAS) == 5
    assert all(frame == frames[0] and len(frame) == 4 for frame in frames)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_schema_compiles_and_refuses_an_empty_result(name: str) -> None:
    """They are JSON Schemas that a producer in any language can use."""
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.compile(SCHEMAS[name])({})


def test_a_success_follows_its_schema() -> None:
    """What does not is a page that we do not know."""
    document = results.success(job(), ended_at=0, attempts=1, data=SENT)
    fastjsonschema.compile(SCHEMAS["result-send_message.json"])(document)
    with pytest.raises(PageBroken, match="message_id"):
        results.success(job(), ended_at=0, attempts=1, data={"fan": "f"})


def test_a_failure_tells_what_was_done_before_it() -> None:
    """Files that were kept before another was refused are named."""
    error = Refused("one file refused", status=404, request="GET host/x")
    error.so_far = {"files": [{"uri": "s3://bucket/x"}]}
    document: dict[str, Any] = results.failure(job(), status="rejected", ended_at=0, attempts=2, error=error)
    fastjsonschema.compile(SCHEMAS["result-failure.json"])(document)
    assert document["data"] == error.so_far


def test_text_that_no_encoding_takes_does_not_keep_a_result_from_being_written() -> None:
    """Half a surrogate pair, as JavaScript allows it, becomes a question mark."""
    assert json.loads(results.encode({"text": "a\ud800b"})) == {"text": "a?b"}
