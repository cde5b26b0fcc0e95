"""Tests and requirements are tied at collection."""

from collections import defaultdict

import pytest

from tests import traceability

OPTIONS = ("-p", "tests.traceability", "-p", "no:cacheprovider", "--collect-only", "-q")


def test_a_test_that_names_an_unknown_requirement_stops_the_collection(pytester: pytest.Pytester) -> None:
    """A typing error does not pass for a requirement that is shown."""
    pytester.makepyfile('import pytest\n@pytest.mark.requirement("1.9")\ndef test_it():\n    """It works."""\n')
    result = pytester.runpytest_inprocess(*OPTIONS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*::test_it names requirement '1.9'*no such number*"])


def test_a_test_that_does_not_say_what_it_promises_stops_the_collection(pytester: pytest.Pytester) -> None:
    """The docstring is what the reader of a failure sees first."""
    pytester.makepyfile("def test_it():\n    pass\n")
    result = pytester.runpytest_inprocess(*OPTIONS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_it has no docstring*"])


def test_a_requirement_that_no_test_shows_is_told(pytester: pytest.Pytester) -> None:
    """The page is written all the same, and says so; the command fails."""
    pytester.makepyfile('import pytest\n@pytest.mark.requirement("1.3")\ndef test_it():\n    """It works."""\n')
    result = pytester.runpytest_inprocess(*OPTIONS, "--write-requirements=page.md")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no test shows 1.1, 1.2, 1.4,*"])
    page = (pytester.path / "page.md").read_text()
    assert "- unit: `test it`" in page
    assert page.count("No test shows it.") == len(traceability.REQUIREMENTS) - 1


def test_the_page_says_what_is_shown_in_part() -> None:
    """In the table, and in words where the tests are listed; of requirements that there are."""
    page = traceability.page(defaultdict(lambda: defaultdict(set)))
    assert traceability.IN_PART.keys() <= traceability.REQUIREMENTS.keys()
    assert page.count("*In part.*") == len(traceability.IN_PART)
    for text in traceability.IN_PART.values():
        assert f"Not shown: {text}" in page


def test_there_are_the_plans_forty_requirements_and_ten_of_ours() -> None:
    """Those of the plan are numbered 1 to 8, ours 9; the gate asks for a test of each."""
    ours = [number for number in traceability.REQUIREMENTS if number.startswith("9.")]
    assert (len(traceability.REQUIREMENTS), len(ours)) == (50, 10)
