"""The runner of LocalStack's own tests tells what fails with the plug-ins alone."""

from pathlib import Path

from benchmarks.localstack_suite import differing, outcomes

REPORT = """<testsuites><testsuite>
<testcase classname="tests.aws.services.sqs.test_sqs.TestSqs" name="test_one"/>
<testcase classname="tests.aws.services.sqs.test_sqs.TestSqs" name="test_two[a-b]"><failure message="x"/></testcase>
<testcase classname="tests.aws.services.sqs.test_move" name="test_three"><error message="x"/></testcase>
<testcase classname="tests.aws.services.sqs.test_move" name="test_four"><skipped/></testcase>
</testsuite></testsuites>"""
FOLDER = "tests/aws/services/sqs"


def test_outcomes_bear_the_names_that_pytest_takes(tmp_path: Path) -> None:
    """So that what differs can be run again."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert outcomes(report) == {
        f"{FOLDER}/test_sqs.py::TestSqs::test_one": "passed",
        f"{FOLDER}/test_sqs.py::TestSqs::test_two[a-b]": "failed",
        f"{FOLDER}/test_move.py::test_three": "failed",
        f"{FOLDER}/test_move.py::test_four": "skipped",
    }


def test_what_fails_on_both_or_is_left_out_is_no_difference() -> None:
    """Only what passes on one and fails on the other is."""
    one = {"a": "failed", "b": "failed", "c": "failed", "d": "passed", "e": "failed"}
    other = {"a": "passed", "b": "failed", "c": "skipped", "d": "failed"}
    assert differing(one, other) == ["a"]
    assert differing(other, one) == ["d"]
