"""What expressions make of series."""

import math

import pytest
from localprocs.alarms.expressions import ExpressionError, parse
from localprocs.alarms.math_functions import FUNCTIONS
from localprocs.alarms.metric_math import Scope, Series, compute

START, PERIOD = 1_800_000_000, 60


def series(*values, query_id=""):
    """Make a series of one value a minute; nothing where there is none."""
    points = {START + place * PERIOD: float(value) for place, value in enumerate(values) if value is not None}
    return Series(points, PERIOD, query_id, query_id)


def computed(expression, length=5, **metrics):
    """Compute over the metrics; a series comes back as a list of values, nothing where there is none."""
    known = {name: series(*values, query_id=name) for name, values in metrics.items()}
    scope = Scope(START, START + length * PERIOD, PERIOD, list(known.values()), known.__getitem__, None, FUNCTIONS)
    return plain(compute(parse(expression), scope), length)


def plain(value, length):
    """Show a value as numbers."""
    if isinstance(value, Series):
        return [value.points.get(START + place * PERIOD) for place in range(length)]
    if isinstance(value, list):
        return [plain(each, length) for each in value]
    return value


def rounded(value):
    """Take out what floating point adds."""
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return None if value is None else round(value, 9)


_ = None
M1, M2 = (10, 20, 0, 4, _), (2, 0, 5, _, 3)

CASES = [
    # precedence, parentheses, signs
    ("2 + 3 * 4", 14.0),
    ("(2 + 3) * 4", 20.0),
    ("10 - 4 - 3", 3.0),
    ("16 / 4 / 2", 2.0),
    ("2 ^ 3 ^ 2", 512.0),
    ("-2 ^ 2", -4.0),
    ("2 * -3", -6.0),
    ("1.5e2 + .5", 150.5),
    ("1 + 1 == 2 AND 3 > 2", 1.0),
    ("1 > 2 || 2 >= 2 && 0 != 1", 1.0),
    ("1 OR 0 AND 0", 1.0),
    # series and numbers: only where the series has data
    ("m1 * 2", [20, 40, 0, 8, _]),
    ("100 - m1", [90, 80, 100, 96, _]),
    ("-m1", [-10, -20, 0, -4, _]),
    ("m1 > 4", [1, 1, 0, 0, _]),
    # two series: what is missing counts as 0, a division by 0 drops the data point
    ("m1 + m2", [12, 20, 5, 4, 3]),
    ("m1 / m2", [5, _, 0, _, 0]),
    ("m1 > m2", [1, 1, 0, 1, 0]),
    ("m1 AND m2", [1, 0, 0, 0, 0]),
    # lists
    ("SUM([m1, m2])", [12, 20, 5, 4, 3]),
    ("AVG([m1, m2])", [6, 10, 2.5, 2, 1.5]),
    ("MIN([m1, m2])", [2, 0, 0, 4, 3]),
    ("MAX([m1, m2])", [10, 20, 5, 4, 3]),
    ("DATAPOINT_COUNT([m1, m2])", [2, 2, 2, 1, 1]),
    ("SUM(METRICS())", [12, 20, 5, 4, 3]),
    ('SUM(METRICS("2"))', [2, 0, 5, _, 3]),
    ("METRICS() * 10", [[100, 200, 0, 40, _], [20, 0, 50, _, 30]]),
    ("SUM(100 / [m2, m1])", [60, 5, 20, 25, 100 / 3]),
    ("METRIC_COUNT(METRICS())", 2.0),
    # one series to a number
    ("SUM(m1)", 34.0),
    ("AVG(m1)", 8.5),
    ("MIN(m1)", 0.0),
    ("MAX(m1)", 20.0),
    ("m1 - AVG(m1)", [1.5, 11.5, -8.5, -4.5, _]),
    ("DATAPOINT_COUNT(m1)", 4.0),
    # the functions
    ("FILL(m1, 7)", [10, 20, 0, 4, 7]),
    ("FILL(m2, REPEAT)", [2, 0, 5, 5, 3]),
    ("FILL(m2, LINEAR)", [2, 0, 5, 4, 3]),
    ("FILL(m1, m2)", [10, 20, 0, 4, 3]),
    ("FILL(METRICS(), 0)", [[10, 20, 0, 4, 0], [2, 0, 5, 0, 3]]),
    ("RATE(m1)", [_, 10 / 60, -20 / 60, 4 / 60, _]),
    ("RATE(m2)", [_, -2 / 60, 5 / 60, _, -2 / 120]),
    ("DIFF(m1)", [_, 10, -20, 4, _]),
    ("DIFF_TIME(m2)", [_, 60, 60, _, 120]),
    ("RUNNING_SUM(m1)", [10, 30, 30, 34, _]),
    ("ABS(-m1)", [10, 20, 0, 4, _]),
    ("CEIL(m1 / 3)", [4, 7, 0, 2, _]),
    ("FLOOR(m1 / 3)", [3, 6, 0, 1, _]),
    ("STDDEV(m1)", 7.533259586659682),
    ("LOG(m1 / 10)", [0, math.log(2), 0, math.log(0.4), _]),
    ("LOG10(m1 / 10)", [0, math.log10(2), 0, math.log10(0.4), _]),
    # of time: 2027-01-15, a Friday, from 08:00 UTC on, whether there is data or not
    ("EPOCH(m1) - TIME_SERIES(1800000000)", [0, 60, 120, 180, 240]),
    ("MINUTE(m1)", [0, 1, 2, 3, 4]),
    ("HOUR(m1)", [8, 8, 8, 8, 8]),
    ("DAY(m1)", [5, 5, 5, 5, 5]),
    ("DATE(m1)", [15, 15, 15, 15, 15]),
    ("MONTH(m1)", [1, 1, 1, 1, 1]),
    ("YEAR(m1)", [2027, 2027, 2027, 2027, 2027]),
    ("PERIOD(m1)", 60.0),
    ("m1 / PERIOD(m1)", [10 / 60, 20 / 60, 0, 4 / 60, _]),
    ("TIME_SERIES(10)", [10, 10, 10, 10, 10]),
    ("TIME_SERIES(MAX(m1)) - m1", [10, 0, 20, 16, 20]),
    ("FIRST(SORT(METRICS(), SUM, ASC))", [2, 0, 5, _, 3]),
    ("LAST(SORT(METRICS(), SUM, ASC))", [10, 20, 0, 4, _]),
    ("SORT(METRICS(), MAX, DESC, 1)", [[10, 20, 0, 4, _]]),
    ("SLICE(METRICS(), 1)", [[2, 0, 5, _, 3]]),
    ("SLICE(METRICS(), 0, 1)", [[10, 20, 0, 4, _]]),
    ("REMOVE_EMPTY([m1, IF(m1 > 99, m1)])", [[10, 20, 0, 4, _]]),
    # IF
    ("IF(m1 > 5, m1)", [10, 20, _, _, _]),
    ("IF(m1 > 5, 1, 0)", [1, 1, 0, 0, _]),
    ("IF(m2 > 0, m1 / m2, 0)", [5, 0, 0, _, 0]),
    ("IF(1, m1, m2)", [10, 20, 0, 4, _]),
    ("IF(0, m1)", [_, _, _, _, _]),
    ("100 * IF(m2 != 0, m1 / m2)", [500, _, 0, _, 0]),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[case[0] for case in CASES])
def test_expression_gives_the_expected_values(expression, expected):
    """Each expression over m1 and m2 gives these values, one a minute."""
    assert rounded(computed(expression, m1=M1, m2=M2)) == rounded(expected)


@pytest.mark.parametrize(
    ("expression", "metrics", "expected"),
    [
        # User Guide, "Comparison and logical operators"
        ("m1 < m2", {"m1": (30, 20, 0, 0), "m2": (20, _, 20, _)}, [0, 0, 1, 0]),
        ("m1 >= 30", {"m1": (30, 20, 0, 0)}, [1, 0, 0, 0]),
        ("m1 > 15 AND m2 > 15", {"m1": (30, 20, 0, 0), "m2": (20, _, 20, _)}, [1, 0, 0, 0]),
        # User Guide, "Using IF expressions"
        (
            "IF(m1, m2, m3)",
            {"m1": (1, 1, 0, 0, _), "m2": (30, _, 0, 0, 30), "m3": (0, 0, 20, _, 20)},
            [30, 0, 20, _, _],
        ),
        ("IF(m1, 5, m3)", {"m1": (1, 1, 0, 0, _), "m3": (0, 0, 20, _, 20)}, [5, 5, 20, _, _]),
        ("IF(m1, m2, 5)", {"m1": (1, 1, 0, 0, _), "m2": (30, _, 0, 0, 30)}, [30, 0, 5, 5, _]),
    ],
)
def test_expression_gives_what_the_user_guide_shows(expression, metrics, expected):
    """The guide's own examples come out as the guide says."""
    length = max(map(len, metrics.values()))
    assert computed(expression, length, **metrics) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "m1 +",
        "(m1",
        "m1)",
        "SUM(m1",
        "[m1",
        "NOPE(m1)",
        "unknown",
        "1 / 0",
        "IF(m1)",
        "FILL(m1)",
        "m1 ? 2",
        "SORT(METRICS(), AVG, UP)",
    ],
)
def test_expression_that_makes_no_sense_is_refused(expression):
    """What cannot be read or computed says so instead of giving a number."""
    with pytest.raises(ExpressionError):
        computed(expression, m1=M1)


def test_every_function_has_a_case():
    """A function that no case names would be there for nobody; SEARCH has a file of its own."""
    text = " ".join(case[0] for case in CASES)
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == ["SEARCH"]
