"""What operators do with dead letters and jobs, by the command that they type, on the running whole."""

import json
from pathlib import Path
from typing import Any

import pytest
from localprocs.host import living_file
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper import jobs
from huntaze_scraper.state.keys import Kind
from tests.integration.operator_shell import Shell
from tests.patience import until

FAN = "fan-001"
HOLD_SECONDS = 600
FORGOTTEN_SECONDS = 310
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


class Desk:
    """An operator at the command line, and dead letters to work on."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.pipeline = pipeline
        living_file.write(pipeline.run, folder / "run.json")
        self.shell = Shell(pipeline.run, folder)

    def die(self, number: int, creator: str = "creator-01") -> str:
        """Leave what a job leaves that failed three times; return its id."""
        run, clients = self.pipeline.run, self.pipeline.clients
        body = _body(number, creator)
        job_id = jobs.parse(body).job_id
        clients.sqs.send_message(
            QueueUrl=run.workflows_dlq_url,
            MessageBody=body,
            MessageGroupId=creator,
            MessageDeduplicationId=job_id,
            MessageAttributes={"error_class": {"DataType": "String", "StringValue": "server_error"}},
        )
        item: Any = {"pk": {"S": Kind.JOB.key(job_id)}, "state": {"S": "dead"}, "failures": {"N": "3"}}
        clients.dynamodb.put_item(TableName=run.state_table, Item=item)
        return job_id

    def leave_a_copy(self, number: int, forwarded_at: float) -> None:
        """Leave the job on the ingress DLQ too, and in the limiter's memory."""
        run, clients = self.pipeline.run, self.pipeline.clients
        clients.sqs.send_message(QueueUrl=run.ingress_dlq_url, MessageBody=_body(number))
        at = int(forwarded_at * 1000)
        numbers = {"number": 1, "slot_at": at, "granted_at": at, "forwarded_at": at, "expires_at": at // 1000 + 86400}
        item: Any = {name: {"N": str(value)} for name, value in numbers.items()}
        item |= {"pk": {"S": Kind.SLOT.key(jobs.parse(_body(number)).job_id)}, "account": {"S": "creator-01"}}
        clients.dynamodb.put_item(TableName=run.state_table, Item=item)

    def ask(self, *words: str) -> dict[str, Any]:
        """Run a verb and return what it tells."""
        ran = self.shell.run("./huntaze", *words, "--json")
        assert ran.returncode == 0, ran.stderr
        return dict(json.loads(ran.stdout))


def _body(number: int, creator: str = "creator-01") -> str:
    payload = {
        "action": "send_message",
        "creator_id": creator,
        "user_id": FAN,
        "message_content": f"message {number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }
    return json.dumps(payload)


@pytest.fixture
def desk(pipeline: Pipeline, tmp_path: Path) -> Desk:
    """The desk, with the harness's run.json."""
    return Desk(pipeline, tmp_path)


def texts(site: SiteControl, creator: str = "creator-01") -> list[str]:
    return [it["text"] for it in site.messages() if it["account"] == creator]


@pytest.mark.requirement("2.1")
def test_a_replay_reaches_the_fans_in_order_and_once(desk: Desk, site: SiteControl) -> None:
    """A dry run first; then each creator's messages arrive as they were sent, and a job's history says so."""
    ids = [desk.die(number) for number in range(4)]
    other = desk.die(9, "creator-02")

    rehearsed = desk.ask("dlq", "replay", "--creator", "creator-01")
    assert rehearsed["dry_run"]
    assert [it["job_id"] for it in rehearsed["messages"]] == ids
    assert rehearsed["counts"]["workflows"] == 5

    done = desk.ask("dlq", "replay", "--creator", "creator-01", "--yes")
    assert [(it["job_id"], it["done"]) for it in done["messages"]] == [(job_id, "replayed") for job_id in ids]
    until(lambda: len(texts(site)) == 4, what="the replay")
    assert texts(site) == [f"message {number}" for number in range(4)]
    assert [it["job_id"] for it in desk.ask("dlq", "list")["messages"]] == [other]

    until(lambda: desk.ask("jobs", "show", ids[3][:16])["where"] == "scraper: done", what="the job's end")
    history = desk.ask("jobs", "show", ids[3][:16])
    assert history["result"]["status"] == "succeeded"
    assert history["ledger"]["failures"] == 0
    assert [it["forwarded"] for it in history["limiter"]["decisions"]][-1] is True
    assert "job_ended" in [it["event"] for it in history["scraper"]]
    assert "message 3" not in json.dumps(history["limiter"]) + json.dumps(history["scraper"])


def test_a_replay_that_is_killed_loses_nothing_and_doubles_nothing(desk: Desk, site: SiteControl, clock: Clock) -> None:
    """Killed in its middle, and run again when what it had in hand is back: every message once, in order."""
    ids = [desk.die(number) for number in range(12)]
    replay = desk.shell.start("./huntaze", "dlq", "replay", "--yes")
    until(
        lambda: len(desk.pipeline.journal(desk.pipeline.run.ingress_queue_url)) >= 2, what="the second replayed message"
    )
    replay.kill()
    replay.communicate(timeout=10)
    assert desk.ask("dlq", "list")["counts"]["workflows"] >= 1, "it was killed too late to show anything"

    clock.jump(HOLD_SECONDS + 10)
    desk.ask("dlq", "replay", "--yes")

    until(lambda: len(texts(site)) == len(ids), what="the rest")
    assert texts(site) == [f"message {number}" for number in range(len(ids))]


def test_a_job_that_lies_in_both_queues_is_replayed_once(desk: Desk, site: SiteControl, clock: Clock) -> None:
    """The limiter has forwarded it before, and takes the one that is sent for no copy: the other one may go."""
    job_id = desk.die(1)
    desk.leave_a_copy(1, clock.now())
    clock.jump(FORGOTTEN_SECONDS)

    done = desk.ask("dlq", "replay", "--yes")

    assert [(it["queue"], it["job_id"], it["done"]) for it in done["messages"]] == [
        ("ingress", job_id, "replayed"),
        ("workflows", job_id, "copy removed"),
    ]
    until(lambda: texts(site) == ["message 1"], what="the message")


def test_what_is_dropped_is_kept_in_a_file(desk: Desk) -> None:
    """Gone from the queue, whole in the file that the command names."""
    job_id = desk.die(1)

    dropped = desk.ask("dlq", "drop", job_id[:12], "--yes")

    (line,) = Path(dropped["copies"]).read_text().splitlines()
    assert json.loads(json.loads(line)["body"])["message_content"] == "message 1"
    assert desk.ask("dlq", "list")["messages"] == []


def test_a_creators_name_is_shown_as_it_stands(desk: Desk) -> None:
    """Markup of the screen in a name is text: each verb ends as it should, the one that deletes as well."""
    job_id = desk.die(1, "[/red]")

    for words in (["dlq", "list"], ["jobs", "show", job_id[:16]], ["dlq", "drop", job_id[:12], "--yes"]):
        ran = desk.shell.run("./huntaze", *words)
        assert ran.returncode == 0, ran.stderr
        assert "[/red]" in ran.stderr or words[0] == "jobs"


def test_verbs_find_the_deployed_stacks_by_the_default_credentials(desk: Desk) -> None:
    """The same verbs with --aws need neither run.json nor anything else of the harness."""
    job_id = desk.die(1)
    (Path(desk.shell.state) / "run.json").unlink()

    assert [it["job_id"] for it in desk.ask("dlq", "list", "--aws")["messages"]] == [job_id]
    assert desk.ask("jobs", "show", job_id, "--aws")["job_id"] == job_id
    refused = desk.shell.run("./huntaze", "dlq", "list")
    assert "no harness is up" in refused.stderr
