"""The options, and what is said of wrong ones."""

from contextlib import suppress
from dataclasses import MISSING, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.settings import SCOPES, InvalidSettings, LimitSettings, RateLimiterSettings, WorkerSettings
from infra_cdk.options import InvalidOptions, Options
from infra_cdk.synthesis import SynthesisFailed, synthesise
from tests.unit.infra.template import Assembly


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


def starts(process: type[LimitSettings], capacity: str, window: str, scope: str) -> bool:
    """Tell whether the process would start with the limit, all else being as it is deployed."""
    env = {each.name.upper(): "" for each in fields(process) if each.default is MISSING}
    env |= {"RATE_LIMIT_CAPACITY": capacity, "RATE_LIMIT_WINDOW_SECONDS": window, "RATE_LIMIT_SCOPE": scope}
    with suppress(InvalidSettings):
        process.from_env(env)
        return True
    return False


@given(
    capacity=st.integers(-2, 30).map(str) | st.sampled_from(["", "ten", "2.5", "0"]),
    window=st.floats(-1, 400).map(str) | st.sampled_from(["", "nan", "inf", "1m", "0", "1", "179.9", "180", "300"]),
    scope=st.sampled_from([*SCOPES, "", "creator", "Account"]),
)
@pytest.mark.requirement("9.1")
def test_synthesis_refuses_a_limit_if_either_process_would(capacity: str, window: str, scope: str) -> None:
    """Nothing is deployed that does not start, and nothing refused that would."""
    context = {"rate_capacity": capacity, "rate_window_seconds": window, "rate_scope": scope}
    both_start = all(starts(it, capacity, window, scope) for it in (RateLimiterSettings, WorkerSettings))
    if both_start:
        Options.of(context)
    else:
        with pytest.raises(InvalidOptions) as invalid:
            Options.of(context)
        assert "\n" not in str(invalid.value)


@pytest.mark.requirement("9.1")
def test_a_window_is_held_against_the_shortest_visibility_that_is_deployed(assembly: Assembly) -> None:
    """As the templates have it: a message in hand would come back before its turn."""
    queues = assembly["Queues"].properties("AWS::SQS::Queue")
    shortest = min(it["VisibilityTimeout"] for it in queues if "VisibilityTimeout" in it)

    Options.of({"rate_window_seconds": str(shortest - 1)})
    with pytest.raises(SynthesisFailed, match=f"less than the queue's visibility of {shortest} s"):
        synthesise({"rate_window_seconds": str(shortest)})


def test_the_cdks_own_context_is_left_alone() -> None:
    """Feature flags and the like are none of ours."""
    assert Options.from_context({"@aws-cdk/core:checkSecretUsage": True}) == Options()


def test_a_misspelt_option_fails_at_once() -> None:
    """Rather than be ignored, or be told after a synthesis."""
    with pytest.raises(SynthesisFailed, match="context scalling is not known"):
        synthesise({"scalling": "queue_depth"})
