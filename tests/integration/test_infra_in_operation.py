"""The deployed infrastructure after a run that met nearly everything: dashboard, logs, permissions."""

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from emulator.harness.clients import Clients
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper import names
from tests.integration import dashboard
from tests.integration.busy_pipeline import make_busy
from tests.integration.permissions import calls, deployed_without, forget_calls, limiter_role, task_roles, unused
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

FIELDS_OF_QUERIES = {
    names.LIMITER_LOGS: {"@timestamp", "message_id", "allowed", "retry_after", "tokens_remaining", "@ptr"},
    names.SCRAPER_LOGS: {"action", "status", "jobs", "average_ms", "p95_ms"},
}
"""What the dashboard's queries of logs show."""
UNUSED = {
    "s3:AbortMultipartUpload": "only when a download of more than a part breaks off",
    "sqs:GetQueueAttributes": "Lambda's poller asks for it when the mapping is made; the emulator's does not",
    "ecr:GetAuthorizationToken": "the emulator pulls no image, nor by the next three",
    "ecr:BatchCheckLayerAvailability": "as above",
    "ecr:BatchGetImage": "as above",
    "ecr:GetDownloadUrlForLayer": "as above",
}
"""Grants that such a run does not use, each with the reason why it stays."""


@dataclass(frozen=True)
class AfterARun:
    """The pipeline when each job has ended, and what its roles had asked for by then."""

    pipeline: Pipeline
    calls: list[dict[str, Any]]

    @property
    def clients(self) -> Clients:
        """The emulated cloud's clients."""
        return self.pipeline.clients


@pytest.fixture(scope="module")
def after(harness: Harness) -> AfterARun:
    """One run for all tests here."""
    site, pipeline = SiteControl(harness.run.site_url), Pipeline(harness.run)
    site.reset()
    pipeline.forget()
    forget_calls(pipeline)
    # Both start anew, so that what they ask for at their start is seen, whatever ran before.
    pipeline.clients.lambda_.update_function_configuration(
        FunctionName=pipeline.run.lambda_function, Description=f"looked at {uuid4().hex[:8]}"
    )
    pipeline.scale_to(0)
    pipeline.scale_to(1)
    make_busy(pipeline, site)

    # Metrics leave the scraper half a minute after they were taken.
    publishers = {"RateLimiter", "Scraper"}
    until(
        lambda: publishers <= {_stack(it) for it in calls(pipeline) if it["action"] == "cloudwatch:PutMetricData"}, 60
    )
    return AfterARun(pipeline, calls(pipeline))


def _stack(call: dict[str, Any]) -> str:
    return str(call["role"]).rpartition("/Huntaze")[2].partition("-")[0]


@pytest.mark.requirement("5.4")
def test_every_graph_of_the_dashboard_has_data_after_a_run(after: AfterARun, harness: Harness) -> None:
    """None names a metric that nobody publishes."""
    cloudwatch = after.clients.cloudwatch
    body = cloudwatch.get_dashboard(DashboardName=names.DASHBOARD)["DashboardBody"]
    graphs = dict(graph for widget in dashboard.widgets(body) for graph in dashboard.queries(widget))
    assert len(graphs) > 20

    def values(queries: list[dict[str, Any]]) -> list[float]:
        end = datetime.fromtimestamp(harness.clock.now() + 60)  # noqa: DTZ006 - boto3 takes the machine's zone
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=cast("Any", queries), StartTime=end - timedelta(hours=3), EndTime=end
        )
        return [value for result in answer["MetricDataResults"] for value in result["Values"]]

    def empty() -> list[str]:
        return [name for name, queries in graphs.items() if not values(queries)]

    with contextlib.suppress(AssertionError):
        until(lambda: not empty(), 60)
    assert not empty()


def test_the_dashboards_log_queries_find_what_they_show(after: AfterARun, harness: Harness) -> None:
    """Each is run as it stands: of the lines that it picks, some has each field that it shows."""
    logs, now = after.clients.logs, int(harness.clock.now())
    body = after.clients.cloudwatch.get_dashboard(DashboardName=names.DASHBOARD)["DashboardBody"]
    found = {}
    for group, query in dashboard.log_queries(body):
        begun = logs.start_query(logGroupName=group, startTime=now - 86_400, endTime=now + 60, queryString=query)
        rows = logs.get_query_results(queryId=begun["queryId"])["results"]
        found[group] = {cell["field"] for row in rows for cell in row}
    assert found == FIELDS_OF_QUERIES


@pytest.mark.requirement("8.1", "8.2")
def test_each_role_is_used_in_full_and_asks_for_nothing_more(after: AfterARun) -> None:
    """No call is refused, and no grant stands that nothing uses, but for those with a reason."""
    for arn in (limiter_role(after.clients), *task_roles(after.pipeline)):
        assert unused(after.clients, arn, after.calls) <= set(UNUSED), arn


@pytest.mark.requirement("8.1")
def test_without_one_permission_of_the_template_the_limiter_is_refused(pipeline: Pipeline) -> None:
    """What a template grants is enforced: nothing is forwarded, nothing is lost, and it goes on when it may."""
    with deployed_without(pipeline.clients, "HuntazeRateLimiter", "sqs:SendMessage"):
        job = pipeline.send({"action": "scrape_profile", "creator_id": "creator-01", "profile_url": "/creator-01"})
        refused = until(lambda: pipeline.decisions(job), 60, "a decision")
        assert {(it["allowed"], it["forwarding"]) for it in refused} == {(False, "failed")}
        assert "AccessDenied" in json.dumps(refused)
        assert pipeline.journal(pipeline.run.workflows_queue_url) == []
    assert pipeline.await_results([job], 180)[job.job_id]["status"] == "succeeded"
