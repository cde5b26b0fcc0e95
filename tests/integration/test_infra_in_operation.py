"""The deployed infrastructure after a run that met nearly everything: dashboard, logs, permissions."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
import pytest

from emulator.harness.clients import Clients
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from infra_cdk import names
from tests.integration import dashboard
from tests.integration.busy_pipeline import make_busy
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

FIELDS_OF_QUERIES = {
    names.LIMITER_LOGS: {"message_id", "allowed", "retry_after", "tokens_remaining"},
    names.SCRAPER_LOGS: {"action", "status", "duration_ms"},
}
UNUSED = {
    "s3:AbortMultipartUpload": "only when a download of more than a part breaks off",
    "sqs:GetQueueAttributes": "Lambda's poller asks for it when the mapping is made; the emulator's does not",
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
    url = f"{harness.run.aws_endpoint_url}/_emulator/iam/calls"
    httpx.delete(url, timeout=30).raise_for_status()
    make_busy(pipeline, site)

    def recorded() -> list[dict[str, Any]]:
        return list(httpx.get(url, timeout=30).raise_for_status().json()["calls"])

    # Metrics leave the scraper half a minute after they were taken.
    publishers = {"RateLimiter", "Scraper"}
    until(lambda: publishers <= {_stack(it) for it in recorded() if it["action"] == "cloudwatch:PutMetricData"}, 60)
    return AfterARun(pipeline, recorded())


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


def test_the_dashboards_log_queries_ask_for_fields_that_are_logged(after: AfterARun) -> None:
    """The limiter's and the scraper's lines have every field that a query names."""
    for group, fields in FIELDS_OF_QUERIES.items():
        events = after.clients.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [it["message"] for page in events for it in page["events"] if it["message"].startswith("{")]
        assert fields <= set().union(*(json.loads(line) for line in lines)), group


@pytest.mark.requirement("8.1", "8.2")
def test_each_role_is_used_in_full_and_asks_for_nothing_more(after: AfterARun) -> None:
    """No call is refused, and no grant stands that nothing uses, but for those with a reason."""
    for arn in _roles(after.pipeline):
        name = arn.rpartition("/")[2]
        asked = [it for it in after.calls if it["role"] == arn]
        assert asked, name
        assert [it for it in asked if not it["allowed"]] == []
        used = {(it["action"], statement) for it in asked for statement in it["statements"]}
        unused = set(_grants(after.clients, name)) - used
        assert {action for action, _ in unused} <= set(UNUSED), name


@pytest.mark.requirement("8.1")
def test_without_one_permission_the_limiter_is_refused(pipeline: Pipeline) -> None:
    """The roles of the template are enforced: nothing is forwarded, nothing is lost, and it goes on when it may."""
    limiter = _roles(pipeline)[0].rpartition("/")[2]
    iam = pipeline.clients.iam
    (policy,) = iam.list_role_policies(RoleName=limiter)["PolicyNames"]
    document: Any = iam.get_role_policy(RoleName=limiter, PolicyName=policy)["PolicyDocument"]
    less = [it for it in document["Statement"] if "sqs:SendMessage" not in it["Action"]]
    assert len(less) == len(document["Statement"]) - 1
    _write(iam, limiter, policy, {**document, "Statement": less})
    try:
        job = pipeline.send({"action": "scrape_profile", "creator_id": "creator-01", "profile_url": "/creator-01"})
        refused = until(lambda: pipeline.decisions(job), 60, "a decision")
        assert [(it["allowed"], it["forwarding"]) for it in refused] == [(False, "failed")]
        assert "AccessDenied" in json.dumps(refused)
        assert pipeline.journal(pipeline.run.workflows_queue_url) == []
    finally:
        _write(iam, limiter, policy, document)
    assert pipeline.await_results([job], 180)[job.job_id]["status"] == "succeeded"


def _roles(pipeline: Pipeline) -> tuple[str, str]:
    """Return the ARNs of the limiter's role and of the scraper's task role."""
    limiter = pipeline.clients.lambda_.get_function(FunctionName=names.LIMITER_FUNCTION)["Configuration"]["Role"]
    ecs, run = pipeline.clients.ecs, pipeline.run
    service = ecs.describe_services(cluster=run.ecs_cluster, services=[run.ecs_service])["services"][0]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return limiter, task["taskRoleArn"]


def _grants(clients: Clients, role: str) -> Iterator[tuple[str, str]]:
    """Yield each action that the role may do, with the statement that says so: ``policy[index]``."""
    for policy in clients.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document: Any = clients.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for index, statement in enumerate(document["Statement"]):
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                yield action, f"{policy}[{index}]"


def _write(iam: Any, role: str, policy: str, document: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
