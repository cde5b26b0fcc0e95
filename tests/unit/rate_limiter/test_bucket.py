"""The limiter's bucket: what is granted, and what becomes of it."""

from dataclasses import replace
from typing import Any

from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.line import Line, Next
from huntaze_scraper.rate_limiter.bucket import Bucket, Limit

LIMIT = Limit()
NOW = 1_700_000_000_000
TURN = Next(Priority.NORMAL, "ann")
WAITING = replace(Bucket.read({}, 10), line=Line().joined(*TURN, 3))


def test_a_token_is_back_a_window_after_its_message_was_sent() -> None:
    """Until that is known, the end of its lease stands for it."""
    granted, lease = WAITING.granted(LIMIT, [TURN], NOW)
    assert granted.tokens.back_at[-1] == NOW + LIMIT.lease_ms + LIMIT.return_ms

    sent = granted.sent(LIMIT, lease, TURN, NOW + 300).released(lease, "ann")

    assert sent.tokens.back_at[-1] == NOW + 300 + LIMIT.return_ms
    assert (sent.line.waiting(*TURN), sent.held) == (2, {})


def test_what_was_refused_gives_its_token_back_and_stays_in_the_line() -> None:
    """Nothing was spent."""
    granted, lease = WAITING.granted(LIMIT, [TURN], NOW)

    returned = granted.returned(lease, NOW)

    assert returned.tokens.free(NOW) == LIMIT.capacity
    assert returned.line.waiting(*TURN) == 3


def test_a_send_that_outlived_its_lease_takes_another_token_and_leaves_the_line_to_its_heir() -> None:
    """Whoever has the account by now sends the job again, and has it leave."""
    granted, lease = WAITING.granted(LIMIT, [TURN], NOW)
    later = NOW + LIMIT.lease_ms + LIMIT.return_ms + 1
    inherited, heir = granted.granted(LIMIT, [TURN] * 10, later)

    sent = inherited.sent(LIMIT, lease, TURN, later).released(lease, "ann")

    assert sent.held == {"ann": heir.until}
    assert sent.line.waiting(*TURN) == 3
    assert sent.tokens.free(later) == 0


def test_what_is_stored_is_the_same_bucket() -> None:
    """But for its version, which goes on."""
    granted, _ = WAITING.granted(LIMIT, [TURN], NOW)

    assert Bucket.read(granted.write(), 10) == replace(granted, version=1)


def test_a_bucket_of_the_version_before_is_read_and_the_other_way_round() -> None:
    """Tokens and slots stand where they stood: no minute around an upgrade or a rollback holds more than ten."""
    old: dict[str, Any] = {
        "version": 7,
        "tokens": [{"back_at": NOW, "holder": "job"}, {"back_at": 0}],
        "slots": [NOW, 0],
    }

    bucket = Bucket.read(old, 2)

    assert (bucket.tokens.back_at, bucket.slots, bucket.version) == ((0, NOW), (0, NOW), 7)
    assert [token["back_at"] for token in bucket.write()["tokens"]] == [0, NOW]


def test_another_capacity_is_fitted_to() -> None:
    """The latest tokens and slots are kept."""
    granted, _ = WAITING.granted(LIMIT, [TURN] * 3, NOW)

    assert Bucket.read(granted.write(), 2).tokens.free(NOW) == 0
    assert Bucket.read(granted.write(), 20).tokens.free(NOW) == 17
