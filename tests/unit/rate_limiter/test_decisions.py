"""Each decision is a line of the log and a count."""

import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from huntaze_scraper.metric_names import NAMESPACE
from huntaze_scraper.rate_limiter.decisions import Decision, Forwarding
from huntaze_scraper.rate_limiter.metrics import Metrics
from tests.unit.rate_limiter.records import arrival, payload

SILENT = Logger(service="test", level="CRITICAL")


def decision(forwarding: Forwarding, action: str = "send_message", **fields: Any) -> Decision:
    """A decision about a valid job."""
    it = arrival(payload(action=action, profile_url="p", metadata={"correlation_id": "trace-1"}), message_id="m-1")
    return Decision(it, forwarding, it.job(), **fields)


@pytest.mark.requirement("1.5")
def test_a_decision_is_logged_with_everything_that_explains_it() -> None:
    """Ids, verdict, wait, tokens."""
    line = decision(Forwarding.DELAYED, retry_after=63, tokens_remaining=0).as_log()

    assert line["message_id"] == "m-1"
    assert line["allowed"] is False
    assert line["retry_after"] == 63
    assert line["tokens_remaining"] == 0
    assert line["forwarding"] == "delayed"
    assert line["correlation_id"] == "trace-1"
    assert line["creator_id"] == "creator"
    assert line["action"] == "send_message"


@pytest.mark.requirement("1.5")
def test_a_decision_never_tells_what_the_job_says() -> None:
    """A creator's words are nobody's business."""
    for forwarding in Forwarding:
        line = json.dumps(decision(forwarding, reason="r").as_log())
        assert payload()["message_content"] not in line
    invalid = Decision(arrival("{Hello"), Forwarding.SET_ASIDE, reason="the job is not JSON")
    assert "Hello" not in json.dumps(invalid.as_log())
    assert invalid.as_log()["reason"] == "the job is not JSON"


def test_only_what_has_left_for_good_may_be_deleted() -> None:
    """Trap 1: success means deletion."""
    handled = {it for it in Forwarding if decision(it).is_handled}

    assert handled == {Forwarding.FORWARDED, Forwarding.DUPLICATE, Forwarding.GONE, Forwarding.SET_ASIDE}


class CloudWatch:
    """Notes what is published."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._error = error

    def put_metric_data(self, **call: Any) -> None:
        self.calls.append(call)
        if self._error:
            raise self._error


def published(*decisions: Decision) -> dict[tuple[str, str | None], int]:
    """Publish and return the values by metric and action."""
    client: Any = CloudWatch()
    Metrics(client, SILENT).publish(decisions)
    assert len(client.calls) == 1
    assert client.calls[0]["Namespace"] == NAMESPACE
    return {
        (it["MetricName"], it["Dimensions"][0]["Value"] if it["Dimensions"] else None): it["Value"]
        for it in client.calls[0]["MetricData"]
    }


@pytest.mark.requirement("5.4")
def test_a_batch_is_counted_in_one_call_in_all_and_by_action() -> None:
    """Trap 7: alarms do not aggregate dimensions."""
    counts = published(
        decision(Forwarding.FORWARDED),
        decision(Forwarding.FORWARDED, "scrape_profile"),
        decision(Forwarding.FORWARDED),
        decision(Forwarding.DELAYED),
        decision(Forwarding.BEHIND),
        decision(Forwarding.DUPLICATE),
        decision(Forwarding.FAILED),
    )

    assert counts == {
        ("rate_limit_allowed_count", None): 3,
        ("rate_limit_allowed_count", "send_message"): 2,
        ("rate_limit_allowed_count", "scrape_profile"): 1,
        ("rate_limit_rejected_count", None): 2,
        ("rate_limit_rejected_count", "send_message"): 2,
    }


def test_nothing_to_count_costs_no_call() -> None:
    """An invalid message is neither allowed nor delayed."""
    client: Any = CloudWatch()

    Metrics(client, SILENT).publish([Decision(arrival("{no job"), Forwarding.SET_ASIDE)])

    assert not client.calls


def test_metrics_that_cannot_be_published_break_nothing() -> None:
    """The messages are forwarded already."""
    client: Any = CloudWatch(ClientError({"Error": {"Code": "Throttling"}}, "PutMetricData"))

    Metrics(client, SILENT).publish([decision(Forwarding.FORWARDED)])

    assert len(client.calls) == 1
