"""The runbooks, held to what they promise: their commands run, their alarms and fields are those that there are."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.harness import log_groups
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper import jobs, names
from huntaze_scraper.state.keys import Kind
from tests.integration.operator_shell import Shell
from tests.patience import until
from tests.unit.harness.pages import OPERATIONS, TROUBLESHOOTING, blocks, fields

CREATOR = "creator-05"
pytestmark = [pytest.mark.gate, pytest.mark.browser, pytest.mark.timeout(900)]


class Case:
    """A pipeline with a past: one job done, one dead, a message that was no job, and the site's refusals in the log."""

    def __init__(self, pipeline: Pipeline, site: SiteControl, folder: Path) -> None:
        self.pipeline = pipeline
        self.site = site
        self.folder = folder

    def live(self) -> str:
        """Let it happen; return the id of a job that lies in the DLQ."""
        run, sqs = self.pipeline.run, self.pipeline.clients.sqs
        sqs.send_message(QueueUrl=run.ingress_queue_url, MessageBody="not JSON")
        self.pipeline.await_results([self.pipeline.send(self._profile("done"))])
        self.site.faults(
            {"match": {"path": f"/{CREATOR}", "nth": [1]}, "fault": {"kind": "status", "status": 500}},
            {
                "match": {"path": f"/{CREATOR}", "nth": [2]},
                "fault": {"kind": "status", "status": 429, "retry_after": 1},
            },
            {"match": {"path": f"/{CREATOR}", "nth": [3]}, "fault": {"kind": "status", "status": 404}},
        )
        refused = self.pipeline.send(self._profile("refused"))
        self.pipeline.await_results([refused], 90)
        self.site.faults()
        return self._die()

    def _die(self) -> str:
        """Leave what a job leaves that failed three times."""
        run, clients = self.pipeline.run, self.pipeline.clients
        body = json.dumps({**self._profile("dead"), "timestamp": "2026-01-01T00:00:00Z"})
        job_id = jobs.parse(body).job_id
        why = {"error_class": "server_error", "reason": "the site failed", "status": "500"}
        clients.sqs.send_message(
            QueueUrl=run.workflows_dlq_url,
            MessageBody=body,
            MessageGroupId=CREATOR,
            MessageDeduplicationId=job_id,
            MessageAttributes={key: {"DataType": "String", "StringValue": value} for key, value in why.items()},
        )
        entry = {"pk": Kind.JOB.key(job_id), "state": "dead", "account": CREATOR}
        item: Any = {key: {"S": value} for key, value in entry.items()} | {"failures": {"N": "3"}}
        clients.dynamodb.put_item(TableName=run.state_table, Item=item)
        return job_id

    def wait_for_a_token(self) -> None:
        """Send more than there are tokens, for a creator who is paused; return when one was told to wait."""
        run, clients = self.pipeline.run, self.pipeline.clients
        pause = {"pk": {"S": Kind.PAUSE.key("creator-06")}, "until": {"N": str(2**40)}}
        clients.dynamodb.put_item(TableName=run.state_table, Item=pause)  # type: ignore[arg-type]
        sent = [self.pipeline.send({**self._profile(str(n)), "creator_id": "creator-06"}) for n in range(11)]
        until(lambda: any("retry_after" in it for job in sent for it in self.pipeline.decisions(job)))

    def read(self, page: Path) -> subprocess.CompletedProcess[str]:
        """Run every block of a page by itself, in a shell that has seen the page's session and nothing else."""
        credentials = self.folder / "credentials.json"
        credentials.write_text(json.dumps({"username": CREATOR, "password": self._password()}))
        known = {"JOB": self.live(), "CREATOR": CREATOR, "CREDENTIALS_FILE": str(credentials)}
        # A creator who has had no log-in of their own yet: the harness has given everybody one.
        self.pipeline.clients.secretsmanager.delete_secret(
            SecretId=f"{names.CREDENTIALS}/{CREATOR}", ForceDeleteWithoutRecovery=True
        )
        session, *others = blocks(page, "sh")
        script = session + "".join(f"echo '--- {n}' >&2\n(\n{block})\n" for n, block in enumerate(others, 1))
        return Shell(self.pipeline.run, self.folder, known).run("bash", "-euo", "pipefail", "-c", script)

    def _password(self) -> str:
        return str(next(it["password"] for it in self.site.accounts() if it["username"] == CREATOR))

    def _profile(self, name: str) -> dict[str, Any]:
        return {
            "action": "scrape_profile",
            "creator_id": CREATOR,
            "profile_url": f"{self.pipeline.run.site_url}/{CREATOR}",
            "metadata": {"correlation_id": name},
        }


@pytest.fixture
def case(pipeline: Pipeline, site: SiteControl, tmp_path: Path) -> Case:
    """The case, before anything has happened."""
    return Case(pipeline, site, tmp_path)


@pytest.mark.parametrize("page", [OPERATIONS, TROUBLESHOOTING], ids=lambda page: page.stem)
def test_every_command_of_a_runbook_runs(case: Case, page: Path) -> None:
    """As it stands, after the session alone; what was paused runs again, what was dead was replayed."""
    ran = case.read(page)

    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    run, clients = case.pipeline.run, case.pipeline.clients
    service = clients.ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
    assert service["desiredCount"] >= 1
    mapping = clients.lambda_.list_event_source_mappings(FunctionName=run.lambda_function)["EventSourceMappings"][0]
    assert mapping["State"] == "Enabled"


def test_every_query_asks_for_fields_that_are_written(case: Case) -> None:
    """Each query runs as it stands, and each of its fields is one of the lines that limiter and scraper wrote."""
    case.live()
    case.wait_for_a_token()
    clients = case.pipeline.clients
    for tag, group in (("limiter", names.LIMITER_LOGS), ("scraper", names.SCRAPER_LOGS)):
        lines = [json.loads(line) for line in log_groups.lines(group, clients) if line.startswith("{")]
        written = {name for line in lines for name in line}
        for query in blocks(TROUBLESHOOTING, tag):
            assert fields(query) <= written, query
            begun = clients.logs.start_query(logGroupName=group, startTime=0, endTime=2**32, queryString=query)
            assert clients.logs.get_query_results(queryId=begun["queryId"])["status"] == "Complete", query
