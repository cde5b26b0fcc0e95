"""Dead letters: which are meant, what goes back, and that nothing is lost on the way."""

import json
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest

from emulator.harness import replay
from emulator.harness.dead_letter_queue import DeadLetterQueue
from emulator.harness.dead_letters import DeadLetter, Selection
from emulator.harness.dropping import drop
from emulator.harness.errors import HarnessError
from emulator.harness.replay import Replay
from tests.unit.harness.conftest import Pipeline, message


def look(pipeline: Pipeline, selection: Selection | None = None) -> list[DeadLetter]:
    with DeadLetterQueue(pipeline.target, "workflows").held(1000) as letters:
        return [letter for letter in letters if (selection or Selection()).takes(letter)]


def replay_all(pipeline: Pipeline, selection: Selection | None = None) -> list[str]:
    queue = DeadLetterQueue(pipeline.target, "workflows")
    return [it.done for it in Replay(pipeline.target).run(queue, selection or Selection())]


def test_a_list_hides_nothing_afterwards(pipeline: Pipeline) -> None:
    """Looked at twice, the same messages are there, in the order in which they died."""
    ids = [pipeline.die(message(number)) for number in range(3)]

    assert [it.job_id for it in look(pipeline)] == ids
    assert [it.job_id for it in look(pipeline)] == ids


def test_class_creator_time_and_id_choose(pipeline: Pipeline) -> None:
    """Each condition by itself; a message that no program explained is of class redrive."""
    one = pipeline.die(message(1), "challenge")
    two = pipeline.die(message(2, "creator-02"))
    three = pipeline.die(message(3, "creator-03"), "")
    at = look(pipeline)[0].at

    def chosen(selection: Selection) -> list[str]:
        return [it.job_id for it in look(pipeline, selection)]

    assert chosen(Selection(error_class="challenge")) == [one]
    assert chosen(Selection(error_class="redrive")) == [three]
    assert chosen(Selection(creator="creator-02")) == [two]
    assert chosen(Selection(ids=(two[:10], three[:10]))) == [two, three]
    assert chosen(Selection(queues=("ingress",))) == []
    assert chosen(Selection(until=at)) == []
    assert chosen(Selection(since=at, until=at + timedelta(minutes=1))) == [one, two, three]


@pytest.mark.usefixtures("limiter")
def test_a_replay_keeps_the_order_of_each_creator(pipeline: Pipeline) -> None:
    """Though the ingress queue keeps none: each goes when the one before it has its place. More than SQS shows at once."""
    for number in range(12):
        pipeline.die(message(number))

    assert replay_all(pipeline) == ["replayed"] * 12
    assert pipeline.texts() == [f"message {number}" for number in range(12)]
    assert look(pipeline) == []


@pytest.mark.usefixtures("limiter")
def test_a_replay_carries_the_producers_attributes_and_a_mark(pipeline: Pipeline) -> None:
    """What limiter and scraper added stays behind; the mark keeps the limiter from taking it for a copy."""
    pipeline.die(message(1), trace="abc")

    replay_all(pipeline)

    assert set(pipeline.taken[0]["MessageAttributes"]) == {"trace", "replay"}


@pytest.mark.usefixtures("limiter")
def test_two_copies_of_a_job_are_replayed_once(pipeline: Pipeline) -> None:
    """A scraper that dies between the copy and its note of it leaves two."""
    pipeline.die(message(1))
    pipeline.die(message(1))

    assert replay_all(pipeline) == ["replayed", "copy removed"]
    assert len(pipeline.taken) == 1


@pytest.mark.usefixtures("limiter")
def test_a_job_that_is_done_is_left_for_the_operator(pipeline: Pipeline) -> None:
    """The scraper would throw it away: it takes no token for that."""
    job_id = pipeline.die(message(1))
    pipeline.put(f"job#{job_id}", state="done")
    pipeline.die(message(2))

    assert sorted(replay_all(pipeline)) == ["left", "replayed"]
    assert pipeline.texts() == ["message 2"]
    assert [it.job_id for it in look(pipeline)] == [job_id]


@pytest.mark.usefixtures("limiter")
def test_a_job_forwarded_a_moment_ago_waits_until_it_is_no_copy(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five minutes limiter and queue would drop it."""
    monkeypatch.setattr(replay, "FORGOTTEN_AFTER", timedelta(seconds=2))
    job_id = pipeline.die(message(1))
    forwarded_at = time.time()
    pipeline.place(job_id, forwarded_at=int(forwarded_at * 1000))

    replay_all(pipeline)

    assert time.time() > forwarded_at + 1.9


def test_without_a_limiter_the_rest_stays(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is on the ingress queue, the others are in the DLQ and can be seen at once."""
    monkeypatch.setattr(replay, "PATIENCE", timedelta(0))
    ids = [pipeline.die(message(number)) for number in range(3)]

    with pytest.raises(HarnessError, match="does it run"):
        replay_all(pipeline)

    assert pipeline.depth(pipeline.target.ingress_queue_url) == 1
    assert [it.job_id for it in look(pipeline)] == ids[1:]


def test_a_message_is_deleted_only_after_its_copy_was_taken(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay that is cut off between the two leaves both, never neither."""
    pipeline.die(message(1))

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DeadLetterQueue, "delete", cut_off)
    with pytest.raises(KeyboardInterrupt):
        replay_all(pipeline)

    assert pipeline.depth(pipeline.target.ingress_queue_url) == 1
    assert len(look(pipeline)) == 1


def test_what_is_dropped_lies_in_a_file_first(pipeline: Pipeline, tmp_path: Path) -> None:
    """Body and attributes, for the operator's eyes only."""
    pipeline.die(message(1), "challenge")
    pipeline.die(message(2))
    kept = tmp_path / "new" / "kept.jsonl"

    dropped = list(drop(DeadLetterQueue(pipeline.target, "workflows"), Selection(error_class="challenge"), kept))

    assert [it.done for it in dropped] == ["dropped"]
    assert len(look(pipeline)) == 1
    (line,) = [json.loads(each) for each in kept.read_text().splitlines()]
    assert json.loads(line["body"]) == message(1)
    assert line["attributes"]["error_class"]["StringValue"] == "challenge"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_list_never_shows_what_a_job_says(pipeline: Pipeline) -> None:
    """Neither the row nor the object's own text."""
    pipeline.die(message(1))

    (letter,) = look(pipeline)

    assert "message 1" not in f"{letter}{letter.as_row()}"
