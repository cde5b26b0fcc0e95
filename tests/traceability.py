"""Which test shows which requirement: checks the numbers at collection, and writes docs/requirements.md."""

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_TOLD = tomllib.loads((ROOT / "tests" / "requirements.toml").read_text())
IN_PART: dict[str, str] = _TOLD["not_shown"]
"""What of a requirement no test shows, by its number; all of one that is not built yet."""
REQUIREMENTS: dict[str, str] = {number: text for number, text in _TOLD.items() if isinstance(text, str)}
LEVELS = ("unit", "integration", "incidents", "load", "faults")
_MARK = " *In part.*"
_INTRODUCTION = """\
# Requirements and the tests that show them

Made from the tests by `./huntaze requirements`; do not edit. A requirement that no test shows fails the gate; where
tests show it in part, its section says what they do not.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the page."""
    parser.addoption("--write-requirements", metavar="FILE", help="write the page of requirements and their tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a requirement number that does not exist; write the page where it is asked for."""
    shown: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in items:
        if isinstance(item, pytest.Function) and not item.function.__doc__:
            raise pytest.UsageError(f"{item.nodeid} has no docstring: say in a line what it promises")
        for number in (str(number) for mark in item.iter_markers("requirement") for number in mark.args):
            if number not in REQUIREMENTS:
                raise pytest.UsageError(
                    f"{item.nodeid} names requirement {number!r}; tests/requirements.toml has no such number"
                )
            shown[number][_level(item)].add(item.nodeid.partition("[")[0])
    target = config.getoption("--write-requirements")
    if target:
        Path(target).write_text(page(shown))
        missing = [it for it in REQUIREMENTS if not any(shown[it].values()) and it not in IN_PART]
        if missing:
            raise pytest.UsageError(f"no test shows {', '.join(missing)}: mark one with @pytest.mark.requirement")


def page(shown: dict[str, dict[str, set[str]]]) -> str:
    """Return the page: a table of levels, then each requirement with its tests."""
    lines = [
        _INTRODUCTION,
        f"| no. | what must hold | {' | '.join(LEVELS)} |",
        "| --- | --- |" + " --- |" * len(LEVELS),
    ]
    for number, text in REQUIREMENTS.items():
        counts = (str(len(shown[number][level])) if shown[number][level] else "" for level in LEVELS)
        lines.append(
            f"| [{number}](#{number.replace('.', '')}) | {text}{_MARK if number in IN_PART else ''} | {' | '.join(counts)} |"
        )
    for number in REQUIREMENTS:
        lines += ["", f"## {number}", ""]
        tests = [(level, test) for level in LEVELS for test in sorted(shown[number][level])]
        lines += [
            f"- {level}: `{test.rpartition('::')[2].replace('_', ' ')}` ({test.partition('::')[0]})"
            for level, test in tests
        ]
        lines += [] if tests else ["No test shows it."]
        lines += [f"\nNot shown: {IN_PART[number]}"] if number in IN_PART else []
    return "\n".join(lines) + "\n"


def _level(item: pytest.Item) -> str:
    return next((level for level in LEVELS if f"tests/{level}/" in item.nodeid), "unit")
