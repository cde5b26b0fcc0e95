"""``./huntaze simulate``: what it tells, and what it makes of a seed that fails."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from tests.simulation import cli, story
from tests.simulation.faults import Fault
from tests.simulation.mistakes import not_buried
from tests.simulation.plan import Plan, PlannedJob
from tests.simulation.run import run, run_seed
from tests.simulation.shrink import shrink

MOST_STORY_LINES = 22


def job(account: str, number: int) -> PlannedJob:
    return PlannedJob(
        at=float(number),
        payload={
            "action": "send_message",
            "creator_id": account,
            "user_id": "fan",
            "message_content": f"message no. {number}",
            "timestamp": "2025-01-01T00:00:00Z",
        },
    )


DYING = Plan(
    seed=7,
    jobs=[job("creator-0", 0), job("creator-1", 1), job("creator-0", 2)],
    faults=[
        Fault(at=0, kind="account_fails", where="creator-1", seconds=500),
        Fault(at=1, kind="lost_answer", where="dynamodb"),
        Fault(at=9, kind="session_expired", where="creator-0"),
        Fault(at=20, kind="outage", where="cloudwatch", seconds=5),
    ],
)
"""One job dies; the other jobs and faults have nothing to do with it."""


def test_what_fails_is_shrunk_told_and_replayed_bit_for_bit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The fewest faults and jobs, some twenty lines; what is kept gives the same history."""
    not_buried(monkeypatch)
    ended = run(DYING)

    shrunk = shrink(ended)

    assert shrunk.invariant == ended.invariant == "the dead are buried"
    assert [it.payload["creator_id"] for it in shrunk.plan.jobs] == ["creator-1"]
    assert [it.kind for it in shrunk.plan.faults] == ["account_fails"]
    told = story.tell(shrunk)
    assert len(told) <= MOST_STORY_LINES
    assert told[-1].startswith("broken: the dead are buried")
    kept = tmp_path / "kept.json"
    kept.write_text(shrunk.plan.write())
    assert run(Plan.read(kept)).trace_hash == shrunk.trace_hash


def test_json_tells_seeds_time_and_hashes(capsys: pytest.CaptureFixture[str]) -> None:
    """One object on stdout, as the contract has it."""
    cli.simulate(seeds=2, first=3, json=True)

    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"seeds", "virtual_seconds", "failed", "trace_hash"}
    assert (told["seeds"], told["failed"]) == (2, [])
    assert told["trace_hash"] == {str(seed): run_seed(seed).trace_hash for seed in (3, 4)}


def test_a_failure_is_kept_told_and_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The corpus has the shrunk plan from then on."""
    not_buried(monkeypatch)
    monkeypatch.setattr(cli, "CORPUS", tmp_path)
    monkeypatch.setattr(cli, "draw", lambda seed: replace(DYING, seed=seed))

    with pytest.raises(typer.Exit) as ended:
        cli.simulate(seeds=1, first=11, json=True)

    assert ended.value.exit_code == 1
    (failed,) = json.loads(capsys.readouterr().out)["failed"]
    assert (failed["seed"], failed["invariant"]) == (11, "the dead are buried")
    assert "broken: the dead are buried" in failed["story"]
    assert [path.name for path in tmp_path.iterdir()] == ["seed-11.json"]
