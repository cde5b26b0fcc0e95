"""The store of metrics."""

import pytest
from localprocs.alarms.metrics import RETENTION_SECONDS, Metric, MetricStore

START = 1_800_000_000 // 300 * 300
QUEUE = Metric.of("AWS/SQS", "Depth", [{"Name": "QueueName", "Value": "jobs"}])


@pytest.fixture
def store():
    """Start with no metrics."""
    return MetricStore()


def test_only_the_very_dimensions_are_found(store):
    """A queue's name that begins another's is not that other."""
    store.add(Metric.of("AWS/SQS", "Depth", [{"Name": "QueueName", "Value": "jobs-dlq"}]), START, 7)
    store.add(Metric.of("AWS/SQS", "Depth"), START, 8)
    assert store.series(QUEUE, "Sum", 60, START, START + 60) == {}


def test_order_of_dimensions_does_not_matter():
    """The same dimensions in another order are the same metric."""
    one, other = {"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}
    assert Metric.of("N", "M", [one, other]) == Metric.of("N", "M", [other, one])


def test_samples_of_a_minute_are_one_data_point(store):
    """Standard resolution keeps minutes."""
    for second in (0, 30, 59):
        store.add(QUEUE, START + second, 2)
    store.add(QUEUE, START + 60, 5)
    assert store.series(QUEUE, "Sum", 60, START, START + 120) == {START: 6, START + 60: 5}


def test_period_of_five_minutes_slides_with_its_start(store):
    """Periods begin at the start asked for, so that an alarm's slide with the minute."""
    for minute in range(6):
        store.add(QUEUE, START + minute * 60, 1)
    assert store.series(QUEUE, "Sum", 300, START + 60, START + 360) == {START + 60: 5}


def test_minutes_without_samples_are_missing(store):
    """A gap is no zero."""
    store.add(QUEUE, START, 1)
    store.add(QUEUE, START + 120, 3)
    assert store.series(QUEUE, "Average", 60, START, START + 180) == {START: 1, START + 120: 3}


def test_units_are_kept_apart_when_asked_for(store):
    """Without a unit all count, with one only its own."""
    store.add(QUEUE, START, 1, "Count")
    store.add(QUEUE, START, 10, "Bytes")
    assert store.series(QUEUE, "Sum", 60, START, START + 60) == {START: 11}
    assert store.series(QUEUE, "Sum", 60, START, START + 60, "Bytes") == {START: 10}
    assert store.units(QUEUE, START, START + 60) == ["Count", "Bytes"]


def test_high_resolution_keeps_seconds(store):
    """A metric published in high resolution answers for ten seconds."""
    store.add(QUEUE, START + 5, 1, resolution=1)
    store.add(QUEUE, START + 15, 2, resolution=1)
    assert store.series(QUEUE, "Sum", 10, START, START + 20) == {START: 1, START + 10: 2}


def test_late_samples_still_count(store):
    """What is published after later minutes lands in its own."""
    store.add(QUEUE, START + 120, 3)
    store.add(QUEUE, START, 1)
    assert list(store.series(QUEUE, "Sum", 60, START, START + 180)) == [START, START + 120]


def test_old_samples_are_forgotten(store):
    """The store does not grow for ever."""
    store.add(QUEUE, START, 1)
    store.add(QUEUE, START + RETENTION_SECONDS + 60, 1)
    assert store.series(QUEUE, "Sum", 60, START, START + 60) == {}


@pytest.mark.parametrize("at", [0, START - 365 * 24 * 3600, START + 365 * 24 * 3600])
def test_a_sample_of_any_time_is_kept(store, at):
    """A difference from AWS, which takes two weeks back and two hours ahead: tests write their own history."""
    store.add(QUEUE, at, 7)
    assert store.series(QUEUE, "Sum", 60, at // 60 * 60, at + 60) == {at // 60 * 60: 7}
