"""Dead letters: which are meant, what goes back, and that nothing is lost on the way."""

import json
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest

from huntaze_scraper import jobs
from huntaze_scraper.operations import replay
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import DeadLetter, QueueName, Selection
from huntaze_scraper.operations.dropping import drop
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.replay import Replay
from huntaze_scraper.state.keys import Kind
from tests.unit.operations.conftest import Pipeline, message


def look(pipeline: Pipeline, selection: Selection | None = None, queue: QueueName = "workflows") -> list[DeadLetter]:
    with DeadLetterQueue(pipeline.target, queue).held() as letters:
        return [letter for letter in letters if (selection or Selection()).takes(letter)]


def replay_all(pipeline: Pipeline, queue: QueueName = "workflows") -> list[str]:
    return [it.done for it in Replay(pipeline.target).run(DeadLetterQueue(pipeline.target, queue), Selection())]


def test_a_list_hides_nothing_afterwards(pipeline: Pipeline) -> None:
    """Looked at twice, the same messages are there, in the order in which they died."""
    ids = [pipeline.die(message(number)) for number in range(3)]

    assert [it.job_id for it in look(pipeline)] == ids
    assert [it.job_id for it in look(pipeline)] == ids


def test_class_creator_time_and_id_choose(pipeline: Pipeline) -> None:
    """Each condition by itself; a message that no program explained is of class redrive."""
    one = pipeline.die(message(1), "challenge")
    two = pipeline.die(message(2, "creator-02"))
    three = pipeline.die(message(3, "creator-03"), "", reason="")
    at = look(pipeline)[0].at

    def chosen(selection: Selection) -> list[str]:
        return [it.job_id for it in look(pipeline, selection)]

    assert chosen(Selection(error_class="challenge")) == [one]
    assert chosen(Selection(error_class="redrive")) == [three]
    assert "SQS moved it" in str(look(pipeline, Selection(error_class="redrive"))[0].as_row()["reason"])
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
def test_what_the_limiter_set_aside_keeps_its_order_too(pipeline: Pipeline) -> None:
    """The ingress DLQ knows no groups: each creator's go as they lie there, those of several side by side."""
    for number in range(12):
        pipeline.set_aside(json.dumps(message(number, f"creator-{number % 2}")))

    assert replay_all(pipeline, "ingress") == ["replayed"] * 12
    texts = pipeline.texts()
    for parity in range(2):
        assert [it for it in texts if int(it.split()[1]) % 2 == parity] == [
            f"message {n}" for n in range(parity, 12, 2)
        ]


@pytest.mark.usefixtures("limiter")
def test_what_the_limiter_would_refuse_again_stays(pipeline: Pipeline) -> None:
    """No job, or one with more attributes than can go on; each is told with the reason."""
    pipeline.set_aside("not JSON")
    pipeline.set_aside(json.dumps(message(1)), **{f"name{number}": "x" for number in range(8)})
    pipeline.set_aside(json.dumps(message(2)), error_class="", reason="")

    told = list(Replay(pipeline.target).run(DeadLetterQueue(pipeline.target, "ingress"), Selection()))

    assert [it.done for it in told] == ["left", "left", "replayed"]
    assert [it.why.partition("again: ")[2][:20] for it in told[:2]] == ["the job is not JSON:", "8 message attributes"]
    assert pipeline.texts() == ["message 2"]
    assert len(look(pipeline, queue="ingress")) == 2


@pytest.mark.usefixtures("limiter")
def test_nothing_goes_before_what_somebody_else_has_in_hand(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The creator's others stay, those of another creator go."""
    ids = [pipeline.die(message(number)) for number in range(3)]
    pipeline.die(message(9, "creator-02"))
    monkeypatch.setattr(DeadLetterQueue, "keep", lambda _, letter: letter.job_id != ids[0])

    assert sorted(replay_all(pipeline)) == ["left", "left", "left", "replayed"]
    assert pipeline.texts() == ["message 9"]
    assert [it.job_id for it in look(pipeline)] == ids


@pytest.mark.usefixtures("limiter")
def test_an_expired_place_is_as_good_as_none(pipeline: Pipeline) -> None:
    """The limiter begins the line anew: a replay does not wait for more than that."""
    job_id = pipeline.die(message(1))
    pipeline.place(job_id, slot_at=2**50, expires_at=int(time.time()) - 1)

    assert replay_all(pipeline) == ["replayed"]


def test_a_job_that_never_went_keeps_its_place(pipeline: Pipeline) -> None:
    """The limiter gives it no new one: a replay does not wait for that."""
    pipeline.set_aside(json.dumps(message(1)))
    pipeline.place(jobs.parse(json.dumps(message(1))).job_id)

    assert replay_all(pipeline, "ingress") == ["replayed"]


def test_what_lies_behind_the_first_ten_is_told(pipeline: Pipeline) -> None:
    """SQS shows no more of a group: a filter that takes none of the ten has seen only these."""
    for number in range(12):
        pipeline.die(message(number))
    queue = DeadLetterQueue(pipeline.target, "workflows")

    assert list(Replay(pipeline.target).run(queue, Selection(error_class="challenge"))) == []
    assert queue.unseen == 2


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
    pipeline.put(Kind.JOB.key(job_id), state="done")
    pipeline.die(message(2))

    assert sorted(replay_all(pipeline)) == ["left", "replayed"]
    assert pipeline.texts() == ["message 2"]
    assert [it.job_id for it in look(pipeline)] == [job_id]


@pytest.mark.usefixtures("limiter")
@pytest.mark.parametrize("note", ["forwarded_at", "granted_at"])
def test_a_job_forwarded_a_moment_ago_waits_until_it_is_no_copy(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, note: str
) -> None:
    """Within five minutes limiter and queue would drop it; so too where only its leave to go was noted."""
    monkeypatch.setattr(replay, "FORGOTTEN_AFTER", timedelta(seconds=2))
    job_id = pipeline.die(message(1))
    forwarded_at = time.time()
    pipeline.place(job_id, **{note: int(forwarded_at * 1000)})

    replay_all(pipeline)

    assert time.time() > forwarded_at + 1.9


def test_without_a_limiter_the_rest_stays(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is on the ingress queue, the others are in the DLQ and can be seen at once."""
    monkeypatch.setattr(replay, "PATIENCE", timedelta(0))
    ids = [pipeline.die(message(number)) for number in range(3)]

    with pytest.raises(TellOperator, match="does it run"):
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
    """Body and attributes, for the operator's eyes only, also where the file was there and open to all."""
    pipeline.die(message(1), "challenge")
    pipeline.die(message(2))
    kept = tmp_path / "kept.jsonl"
    kept.touch(0o644)

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
