"""Statistics of samples."""

import pytest
from localprocs.alarms.samples import Samples, is_statistic


def samples_of(*values):
    """Make samples of single values."""
    samples = Samples()
    for value in values:
        samples.add(float(value))
    return samples


ONE_TO_HUNDRED = range(1, 101)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SampleCount", 100),
        ("Sum", 5050),
        ("Average", 50.5),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p50", 50),
        ("p90", 90),
        ("p99", 99),
        ("p99.5", 100),
        ("p0", 1),
        ("p100", 100),
        ("tm90", sum(range(1, 91)) / 90),
        ("TM(10%:90%)", sum(range(10, 91)) / 81),
        ("TC(:10)", 10),
        ("TS(99:)", 199),
        ("PR(:25)", 25),
        ("IQM", sum(range(25, 76)) / 51),
    ],
)
def test_statistic_of_the_numbers_to_a_hundred(name, expected):
    """Each statistic of 1 to 100 is the one that can be counted by hand."""
    assert samples_of(*ONE_TO_HUNDRED).statistic(name) == pytest.approx(expected)


def test_values_with_counts_weigh_as_often_as_they_were_seen():
    """A value seen ninety times moves the percentile as ninety samples do."""
    samples = Samples()
    samples.add(1.0, 90)
    samples.add(100.0, 10)
    assert samples.statistic("p90") == 1.0
    assert samples.statistic("p91") == 100.0
    assert samples.statistic("Average") == pytest.approx(10.9)


def test_statistic_set_has_no_percentile():
    """Of four figures alone no percentile can be told, as on AWS."""
    samples = samples_of(5)
    samples.add_set(10, 55, 1, 10)
    assert samples.statistic("p90") is None
    assert samples.statistic("SampleCount") == 11
    assert samples.statistic("Sum") == 60
    assert samples.statistic("Minimum") == 1


def test_statistic_set_of_equal_samples_keeps_its_percentiles():
    """Where the least is the greatest every sample is known."""
    samples = Samples()
    samples.add_set(3, 21, 7, 7)
    assert samples.statistic("p99") == 7


def test_no_samples_have_no_statistic():
    """Nothing published is nothing, not 0."""
    assert Samples().statistic("Sum") is None


def test_merged_samples_count_together():
    """Several minutes make one period."""
    first, second = samples_of(1, 2), samples_of(3, 4)
    first.merge(second)
    assert [first.statistic(name) for name in ("SampleCount", "Sum", "Minimum", "Maximum", "p75")] == [4, 10, 1, 4, 3]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sum", True), ("p99.9", True), ("tm95", True), ("p101", False), ("sum", False), ("px", False), ("PR(1:2)", True)],
)
def test_statistics_are_known_by_name(name, expected):
    """A name that is no statistic is not taken for one."""
    assert is_statistic(name) is expected
