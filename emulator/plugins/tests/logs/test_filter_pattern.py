"""Filter patterns mean what AWS's mean: the cases are the User Guide's."""

import json
from typing import Any

import pytest
from localprocs.logs.filter_pattern import InvalidPattern, parse

LINES = {
    "1": "[ERROR 400] BAD REQUEST",
    "2": "[ERROR 401] UNAUTHORIZED REQUEST",
    "3": "[ERROR 419] MISSING ARGUMENTS",
    "4": "[ERROR 420] INVALID ARGUMENTS",
    "5": "[WARN] slow",
}
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "bandwidth": 2.5,
    "small": 1e-3,
    "text": 'says "so"',
    "cluster.name": "c",
    "number": "12",
}
ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("", "12345"),
        ("ERROR", "1234"),
        ("error", ""),
        ("ERROR ARGUMENTS", "34"),
        ("?ERROR ?WARN", "12345"),
        ("?UNAUTHORIZED ?slow", "25"),
        ("ERROR -ARGUMENTS", "12"),
        ("-ERROR", "5"),
        ('"INVALID ARGUMENTS"', "4"),
        ('ERROR -"INVALID ARGUMENTS"', "123"),
        ("ERROR ?ARGUMENTS", "1234"),
        ("%AUTHORIZED%", "2"),
        ("%4[0-1][0-9]% REQUEST", "12"),
        ('"[WARN]"', "5"),
    ],
)
def test_terms_of_a_line(pattern: str, meant: str) -> None:
    """All that are required, none that is excluded, any of the optional ones; case counts."""
    assert "".join(name for name, line in LINES.items() if parse(pattern).matches(line)) == meant


@pytest.mark.parametrize(
    ("expression", "is_meant"),
    [
        ('$.eventType = "UpdateTrail"', True),
        ("$.eventType = UpdateTrail", True),
        ('$.eventType = "Update*"', True),
        ('$.eventType != "UpdateTrail"', False),
        ("$.sourceIPAddress != 123.123.*", True),
        ('$.arrayKey[0] = "value"', True),
        ('$.arrayKey[1] = "value"', False),
        ('$.arrayKey[2] = "value"', False),
        ("$.objectList[1].id = 2", True),
        ("$.objectList[*].id = 2", True),
        ("$.objectList[*].id > 2", False),
        ("$.SomeObject IS NULL", True),
        ("$.SomeOtherObject IS NULL", False),
        ("$.SomeOtherObject NOT EXISTS", True),
        ("$.SomeObject NOT EXISTS", False),
        ("$.ThisFlag IS TRUE", True),
        ("$.ThisFlag IS FALSE", False),
        ("$.ThisFlag = true", True),
        ("$.bandwidth >= 2.5", True),
        ("$.bandwidth < 2.5", False),
        ("$.small = 1e-3", True),
        ("$.number > 11", True),
        ("$.eventType > 1", False),
        ('$.text = "says \\"so\\""', True),
        ('$.["cluster.name"] = "c"', True),
        ("$.eventType = %Trail$%", True),
        ("$.eventType = %^Trail%", False),
        ("$.missing = 1", False),
        ("$.missing != 1", False),
        ("$.bandwidth = 2.5 && $.ThisFlag IS TRUE", True),
        ("$.bandwidth = 1 && $.missing = 1 || $.ThisFlag IS TRUE", True),
        ("$.bandwidth = 1 && ($.missing = 1 || $.ThisFlag IS TRUE)", False),
    ],
)
def test_expressions_on_json(expression: str, is_meant: bool) -> None:
    """Strings with wildcards, numbers, null, flags, absence, arrays, and their combinations."""
    assert parse(f"{{ {expression} }}").matches(json.dumps(EVENT)) == is_meant


@pytest.mark.parametrize("message", ["plain text", "12", '"text"', "{broken"])
def test_what_is_no_document_is_not_meant_by_an_expression(message: str) -> None:
    """Whatever the expression."""
    assert not parse("{ $.a NOT EXISTS }").matches(message)


@pytest.mark.parametrize(
    ("pattern", "is_meant"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 404, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 5* || status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code >= 400 && status_code != 404, bytes]", False),
        ("[..., status_code = 4*, bytes]", True),
        ("[ip, ...]", True),
        ("[ip = %127[.]0[.]0[.][0-9]%, ...]", True),
        ("[ip, user, username]", False),
        ('[w1 = "Prod", ...]', False),
    ],
)
def test_expressions_on_words(pattern: str, is_meant: bool) -> None:
    """What stands in quotation marks or brackets is one word."""
    assert parse(pattern).matches(ACCESS) == is_meant


@pytest.mark.parametrize(
    ("pattern", "message", "selector", "value"),
    [
        ("{ $.latency = * }", '{"latency": 12.5}', "$.latency", 12.5),
        ("{ $.a.b[1] > 0 }", '{"a": {"b": [0, 3]}}', "$.a.b[1]", 3),
        ("{ $.latency = * }", '{"latency": 12.5}', "$.missing", None),
        ("[..., bytes]", ACCESS, "$bytes", "1534"),
    ],
)
def test_a_value_of_what_matches_can_be_told(pattern: str, message: str, selector: str, value: Any) -> None:
    """For metrics that count it."""
    assert parse(pattern).value(message, selector) == value


@pytest.mark.parametrize(
    "pattern",
    [
        "foo-bar",
        '"open',
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a = 1",
        "{ $.a > text }",
        "{ $.a IS SO }",
        "{ ($.a = 1 }",
        "{ $.a = 1 } x",
        "[a, b",
        "[a = 1 && b = 2]",
        "[..., ...]",
        "%[%",
    ],
)
def test_what_makes_no_sense_is_refused(pattern: str) -> None:
    """With a line that says why."""
    with pytest.raises(InvalidPattern, match=r"^Invalid .+"):
        parse(pattern)
