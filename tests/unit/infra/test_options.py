"""The options, and what is said of wrong ones."""

import pytest

from infra_cdk.options import InvalidOptions, Options
from infra_cdk.synthesis import SynthesisFailed, synthesise


def test_without_context_everything_is_made() -> None:
    """And scales the plan's way."""
    options = Options.from_context({})
    assert options.vpc_id == options.alarm_topic_arn == options.ingress_queue_arn == ""
    assert options.scaling == "queue_depth"


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"vpc_id": "vpc-1"}, "availability_zones, private_subnet_ids must be given"),
        ({"workflows_queue_arn": "arn"}, "ingress_queue_arn, ingress_dlq_arn, workflows_dlq_arn must be given"),
        ({"queues_key_arn": "arn"}, "belongs to existing queues"),
        ({"scaling": "up"}, "queue_depth or backlog_per_task, not 'up'"),
        ({"metrics_by_creator": "maybe"}, "true or false, not 'maybe'"),
        ({"vpc_id": ["vpc-1"]}, "must be a text"),
        ({"rate_capacity": "0"}, "RATE_LIMIT_CAPACITY is 0, and must be 1 or more"),
        ({"rate_capacity": "ten"}, "rate_capacity must be a number, not 'ten'"),
        ({"rate_window_seconds": "180"}, "less than the queue's visibility of 180 s"),
        ({"rate_window_seconds": "nan"}, "must be 1 or more"),
        ({"rate_scope": "creator"}, "pipeline or account, not 'creator'"),
        ({"accounts": "0"}, "accounts must be 1 or more, not 0"),
        ({"account_requests": "-1"}, "RATE_LIMIT_ACCOUNT_REQUESTS must be 0 or more"),
    ],
)
def test_a_wrong_option_is_told_by_name(context: dict[str, object], said: str) -> None:
    """With what would be right."""
    with pytest.raises(InvalidOptions, match=said):
        Options.from_context(context)


def test_the_cdks_own_context_is_left_alone() -> None:
    """Feature flags and the like are none of ours."""
    assert Options.from_context({"@aws-cdk/core:checkSecretUsage": True}) == Options()


def test_a_misspelt_option_fails_at_once() -> None:
    """Rather than be ignored, or be told after a synthesis."""
    with pytest.raises(SynthesisFailed, match="context scalling is not known"):
        synthesise({"scalling": "queue_depth"})
