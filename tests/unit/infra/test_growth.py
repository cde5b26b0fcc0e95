"""What grows with the accounts, where each has a limit of its own."""

import pytest

from infra_cdk.growth import MOST_CONCURRENCY, MOST_TASKS, growth
from infra_cdk.synthesis import synthesise
from tests.unit.infra.template import Assembly


def test_where_they_share_one_limit_their_number_plays_no_part() -> None:
    """The plan's figures: two invocations, ten tasks."""
    assert growth("pipeline", 1, 10, 60) == growth("pipeline", 10_000, 10, 60)
    assert (growth("pipeline", 5, 10, 60).limiter_concurrency, growth("pipeline", 5, 10, 60).max_tasks) == (2, 10)


@pytest.mark.parametrize(
    ("accounts", "concurrency", "tasks"), [(1, 2, 10), (100, 7, 13), (1_000, 67, 125), (10_000, 667, 1_250)]
)
def test_concurrency_and_tasks_follow_from_the_accounts(accounts: int, concurrency: int, tasks: int) -> None:
    """As docs/scaling.md tells, at ten a minute each."""
    grown = growth("account", accounts, 10, 60)

    assert (grown.limiter_concurrency, grown.max_tasks) == (concurrency, tasks)


def test_nothing_is_asked_for_that_aws_does_not_give() -> None:
    """A mapping's concurrency, a service's tasks."""
    grown = growth("account", 1_000_000, 10, 60)

    assert (grown.limiter_concurrency, grown.max_tasks) == (MOST_CONCURRENCY, MOST_TASKS)


def test_the_assembly_of_a_thousand_accounts_has_it_all() -> None:
    """And both processes the scope."""
    assembly = Assembly(synthesise({"rate_scope": "account", "accounts": "1000"}))

    assert assembly["RateLimiter"].only("AWS::Lambda::EventSourceMapping")["ScalingConfig"] == {
        "MaximumConcurrency": 67
    }
    assert assembly["Scraper"].only("AWS::ApplicationAutoScaling::ScalableTarget")["MaxCapacity"] == 125
    fifo = [it for it in assembly["Queues"].properties("AWS::SQS::Queue") if it.get("FifoQueue")]
    assert {it["FifoThroughputLimit"] for it in fifo} == {"perMessageGroupId"}
    assert {it["DeduplicationScope"] for it in fifo} == {"messageGroup"}
    function = assembly["RateLimiter"].only("AWS::Lambda::Function")
    (container,) = assembly["Scraper"].only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    variables = {it["Name"]: it["Value"] for it in container["Environment"]}
    assert function["Environment"]["Variables"]["RATE_LIMIT_SCOPE"] == variables["RATE_LIMIT_SCOPE"] == "account"
