"""The lines and errors of Lambda itself."""

import json
import signal

import pytest
from localprocs.lambda_runtime import platform_lines
from localprocs.lambda_runtime.platform_lines import Report


def test_a_cold_start_reports_and_bills_its_init():
    """The REPORT line of a first invocation names the init and bills it."""
    line = Report("id", 12.345, 256, 61, 100.5).line()

    assert line == (
        "REPORT RequestId: id\tDuration: 12.35 ms\tBilled Duration: 113 ms\tMemory Size: 256 MB\t"
        "Max Memory Used: 61 MB\tInit Duration: 100.50 ms\t\n"
    )


def test_a_time_out_is_in_the_report():
    """A timed-out invocation says so and has no error type."""
    assert Report("id", 3000, 128, 30, failure=platform_lines.timed_out(3)).line().endswith("\tStatus: timeout\t\n")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (-signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_an_exit_is_reported_as_aws_words_it(status, message):
    """A process that ends without an answer is a Runtime.ExitError, with the way it ended."""
    error = json.loads(platform_lines.exited(status).payload("id"))

    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: id Error: {message}"}


def test_a_time_out_names_the_limit():
    """The caller of Invoke reads how long the function was allowed to take."""
    error = json.loads(platform_lines.timed_out(3).payload("id"))

    assert error["errorMessage"].endswith("Task timed out after 3.00 seconds")
    assert platform_lines.failed("id", platform_lines.timed_out(3), 0).startswith("1970-01-01T00:00:00.000Z id Task")
