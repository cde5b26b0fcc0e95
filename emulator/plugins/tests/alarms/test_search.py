"""SEARCH over metrics."""

import pytest
from localprocs.alarms.metrics import Metric
from localprocs.alarms.search import label, matching


def queue(name, metric="NumberOfMessagesSent"):
    """Make a queue's metric."""
    return Metric("AWS/SQS", metric, (("QueueName", name),))


METRICS = [
    queue("huntaze-rate-limiter-queue"),
    queue("huntaze-rate-limiter-queue-dlq"),
    queue("huntaze-rate-limiter-queue", "ApproximateAgeOfOldestMessage"),
    Metric("Huntaze/OnlyFans", "scraping_duration_ms"),
    Metric("Huntaze/OnlyFans", "scraping_duration_ms", (("creator_id", "creator_123"),)),
    Metric("Huntaze/OnlyFans", "onlyfans_429_count", (("creator_id", "creator_123"),)),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{AWS/SQS,QueueName} MetricName="NumberOfMessagesSent"', [0, 1]),
        ('{AWS/SQS,QueueName} MetricName="NumberOfMessagesSent" dlq', [1]),
        ('{AWS/SQS,QueueName} MetricName="NumberOfMessagesSent" NOT dlq', [0]),
        ('{AWS/SQS,QueueName} QueueName="huntaze-rate-limiter-queue"', [2, 0]),
        ("{AWS/SQS,QueueName} Oldest", [2]),
        ("{Huntaze/OnlyFans}", [3]),
        ("{Huntaze/OnlyFans,creator_id} creator_123", [5, 4]),
        ("{Huntaze/OnlyFans,creator_id} 429 OR duration", [5, 4]),
        ("{Huntaze/OnlyFans,creator_id} (429 OR duration) AND NOT scraping", [5]),
        ('{Huntaze/OnlyFans,creator_id} MetricName=("onlyfans_429_count" OR "x")', [5]),
        ('Namespace="Huntaze/OnlyFans" scraping', [3, 4]),
        ("{AWS/SQS} NumberOfMessagesSent", []),
    ],
)
def test_search_finds_by_schema_and_terms(text, expected):
    """A schema names a namespace and exactly its dimensions; terms match words or, quoted, the whole."""
    assert matching(text, METRICS) == [METRICS[place] for place in expected]


def test_found_metrics_are_labelled_by_what_tells_them_apart():
    """Queues by name, where all are of one metric."""
    found = [METRICS[0], METRICS[1]]
    assert [label(metric, found) for metric in found] == [
        "huntaze-rate-limiter-queue",
        "huntaze-rate-limiter-queue-dlq",
    ]
