"""The job: what is taken, and what names it."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huntaze_scraper import job_schema, jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import MAX_JOB_BYTES
from tests.unit.rate_limiter.records import payload

ABSENT = object()

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


SECRET_WORDS = "Hello"
"""What the payload of the tests says."""


def refusal(body: str | bytes) -> str:
    """Return why a body is refused."""
    with pytest.raises(InvalidJob) as error:
        jobs.parse(body) if isinstance(body, str) else jobs.read(body)
    told = str(error.value)
    assert "\n" not in told
    assert SECRET_WORDS not in told
    return told


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "the job is not JSON: Expecting value at line 1, column 1"),
        ('{"message_content": "Hello}', "the job is not JSON: Unterminated string starting at line 1, column 21"),
        (r'{"message_content": "\Hello"}', "the job is not JSON: Invalid \\escape at line 1, column 22"),
        (
            "{'action': 'Hello'}",
            "the job is not JSON: Expecting property name enclosed in double quotes at line 1, column 2",
        ),
        (b'{"message_content": "Hello\xff"}', "the job is not UTF-8 at byte 27"),
        ("\ufeff{}", "the job begins with a byte order mark: write UTF-8 without one"),
        ('["Hello"]', "the job is not a JSON object but a list"),
        ('"Hello"', "the job is not a JSON object but a string"),
        ("null", "the job is not a JSON object but null"),
        ('{"x": NaN}', "NaN is no number in JSON"),
        ('{"x": [-Infinity]}', "-Infinity is no number in JSON"),
        ('{"x": 1e999}', "a number is beyond what a double can hold (1.8e308)"),
        ('{"x": -1E400}', "a number is beyond what a double can hold (1.8e308)"),
        ('{"x": ' + "9" * 5000 + "}", "a number is beyond what a double can hold (1.8e308)"),
        ('{"x": ' + "[" * 90_000 + "]" * 90_000 + "}", "the job is nested deeper than 50 objects and lists"),
        (
            r'{"message_content": "\ud83dHello"}',
            "a text holds half a character (a lone surrogate): cut texts between characters",
        ),
        ('{"creator_id": "a", "creator_id": "b"}', "creator_id stands twice in one object"),
        (r'{"creator_id": "a", "creator\u005fid": "a"}', "creator_id stands twice in one object"),
        ('{"metadata": {"priority": "low", "priority": "high"}}', "priority stands twice in one object"),
        ('{"x": [{"Hello": 1, "Hello": 2}]}', "a name stands twice in one object"),
    ],
    ids=lambda it: str(it)[:40],
)
def test_what_every_reader_might_read_otherwise_is_refused(body: str | bytes, why: str) -> None:
    """In one line that says what to mend and where, and repeats nothing of it."""
    assert refusal(body) == why


IDENTITY = "1 to 128 printable ASCII characters without spaces: what SQS allows as a message group id"
TIMESTAMP = "timestamp must be a date and time of ISO 8601 with its zone, such as 2026-01-31T12:00:00Z"
ACTIONS = "action must be one of send_message, scrape_profile, download_media, get_messages"
SEEN = "must be text with a character that can be seen: not only blanks and zero-width characters"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({}, "action, timestamp, creator_id or user_id missing"),
        ({"action": "get_messages"}, "timestamp, creator_id, user_id missing"),
        (payload(creator_id=ABSENT, user_id=ABSENT), "creator_id, user_id missing"),
        (
            {"action": "scrape_profile", "timestamp": "2026-01-31T12:00:00Z"},
            "profile_url, creator_id or user_id missing",
        ),
        (payload(action="dance"), ACTIONS),
        (payload(action=["send_message"]), ACTIONS),
        (payload(creator_id=7), "creator_id must be a string"),
        (payload(creator_id=None), "creator_id must be a string"),
        (payload(creator_id="a creator"), f"creator_id must be {IDENTITY}"),
        (payload(creator_id="créateur"), f"creator_id must be {IDENTITY}"),
        (payload(creator_id=""), f"creator_id must be {IDENTITY}"),
        (payload(user_id="c" * 129), f"user_id must be {IDENTITY}"),
        (payload(message_content="x" * 10_001), "message_content must have at most 10000 characters"),
        (payload(message_content=["Hello"]), "message_content must be a string"),
        (payload(message_content=""), f"message_content {SEEN}"),
        (payload(media_urls=[]), "media_urls must have 1 to 50 entries"),
        (payload(media_urls=["x"] * 51), "media_urls must have 1 to 50 entries"),
        (payload(media_urls=["x", {"Hello": 1}]), "media_urls[1] must be a string"),
        (payload(media_urls=["x", "y" * 2049]), "media_urls[1] must have at most 2048 characters"),
        (payload(profile_url=" "), f"profile_url {SEEN}"),
        (payload(metadata=["Hello"]), "metadata must be a JSON object"),
        (payload(metadata={"priority": "urgent"}), "metadata.priority must be one of low, normal, high"),
        (payload(metadata={"correlation_id": "x" * 129}), "metadata.correlation_id must have at most 128 characters"),
        (payload(timestamp=1_767_225_600), "timestamp must be a string"),
        *(
            (payload(timestamp=it), TIMESTAMP)
            for it in (
                "yesterday",
                "2026-01-31",
                "2026-01-31T12:00:00",
                "",
                "2026-02-30T00:00:00Z",
                "2026-01-31T25:00:00Z",
                "2026-13-01T00:00:00+00:00",
                "2026-01-31T12:00:00Z\n",
                "٢٠٢٦-01-31T12:00:00Z",
            )
        ),
        (payload(action="dance", timestamp="", user_id=1), f"{ACTIONS}; user_id must be a string; {TIMESTAMP}"),
    ],
    ids=lambda it: str(it)[:40],
)
def test_what_is_against_the_schema_is_refused_with_all_that_is_to_be_mended(content: dict[str, Any], why: str) -> None:
    """Names of the schema and its rules, at once."""
    content = {name: value for name, value in content.items() if value is not ABSENT}
    assert refusal(json.dumps(content)) == f"against the job schema: {why}"


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from(["send_message", "scrape_profile", "a", "", "2026-01-31T12:00:00Z"]) | json_values
            for name in (
                "action",
                "creator_id",
                "user_id",
                "timestamp",
                "message_content",
                "profile_url",
                "media_urls",
                "metadata",
            )
        },
    )
)
def test_whatever_the_schema_refuses_is_refused_with_words(content: dict[str, Any]) -> None:
    """And what it takes has no fault: the words and the schema are of one mind."""
    assert job_schema.is_valid(content) is not any(job_schema.faults(content))


BLANKS = "".join(
    it for it in map(chr, range(0x10000)) if it.isspace() or unicodedata.category(it) in ("Cc", "Cf", "Zs")
)
# Numbers' signs of Arabic and Syriac are formats to Unicode, and seen.
UNSEEN = BLANKS.translate(dict.fromkeys([*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2]))


@given(st.text(UNSEEN, min_size=1, max_size=20))
def test_a_text_in_which_nothing_is_seen_is_refused(text: str) -> None:
    """Of whatever blanks and zero-width characters; with one that is seen it is taken."""
    assert refusal(json.dumps(payload(message_content=text))) == f"against the job schema: message_content {SEEN}"
    jobs.parse(json.dumps(payload(message_content=f"{text}👍{text}")))


@pytest.mark.parametrize(
    "timestamp", ["2026-01-31T12:00:00Z", "2024-02-29t23:59:59.123456789+05:30", "2026-01-31T12:00:00-0800"]
)
def test_a_time_of_any_zone_is_taken(timestamp: str) -> None:
    """ISO 8601, with whatever fraction."""
    assert jobs.parse(json.dumps(payload(timestamp=timestamp))).payload["timestamp"] == timestamp


def test_nesting_that_is_allowed_can_be_named() -> None:
    """The limit is the same for every reader, and far from where one gives up."""
    deep = "[" * 49 + "]" * 49
    jobs.parse(json.dumps(payload()).replace("{", '{"x": ' + deep + ",", 1))
    assert "deeper" in refusal(json.dumps(payload()).replace("{", '{"x": [' + deep + "],", 1))


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
