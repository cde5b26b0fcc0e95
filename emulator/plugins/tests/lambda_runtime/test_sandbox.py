"""An execution environment, with AWS's real runtime client in it."""

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from localprocs.lambda_runtime import sandbox
from localprocs.lambda_runtime.executor import ProcessRuntimeExecutor
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException


def test_an_environment_is_used_again(function):
    """The second invocation finds what the first left in memory, and has no init to report."""
    count = function("calls = []\ndef handler(event, context):\n    calls.append(event)\n    return len(calls)\n")

    outcomes = [count(), count()]

    assert [each.payload for each in outcomes] == [b"1", b"2"]
    assert "Init Duration" in outcomes[0].log
    assert "Init Duration" not in outcomes[1].log


def test_an_exception_is_the_functions_error(function):
    """The caller gets type, message and stack trace; the environment lives on."""
    fail = function("calls = []\ndef handler(event, context):\n    calls.append(1)\n    raise ValueError(len(calls))\n")

    first, second = fail(), fail()

    error = json.loads(first.payload)
    assert (first.is_error, error["errorType"], error["errorMessage"]) == (True, "ValueError", "1")
    assert error["stackTrace"]
    assert json.loads(second.payload)["errorMessage"] == "2"


def test_a_function_that_takes_too_long_is_killed(function):
    """The time-out is reported in AWS's words, and the next invocation finds a new process."""
    code = """
        import time
        calls = []
        def handler(event, context):
            calls.append(1)
            time.sleep(event.get("seconds", 0))
            return len(calls)
    """
    slow = function(code)
    slow()
    patience, slow.timeout = slow.timeout, 1
    outcome = slow('{"seconds": 600}')
    slow.timeout = patience
    after = slow()

    assert json.loads(outcome.payload)["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert "Status: timeout" in outcome.log
    assert after.payload == b"1"


def test_a_process_killed_in_the_middle_is_an_exit_error(function):
    """A crash is told from an exception, and what it wrote before is in the log."""
    code = """
        import os
        def handler(event, context):
            if event.get("die"):
                print("last words")
                os.kill(os.getpid(), 9)
            return os.getpid()
    """
    mortal = function(code)

    before, outcome, after = mortal(), mortal('{"die": true}'), mortal()

    assert json.loads(outcome.payload)["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert outcome.log.index("last words") < outcome.log.index("END RequestId")
    assert before.payload != after.payload


def test_a_function_that_cannot_be_loaded_reports_why(function):
    """An import error reaches the caller; init was tried before and during the invocation, as on AWS."""
    broken = function("import no_such_module\n")

    outcome = broken()

    assert json.loads(outcome.payload)["errorType"] == "Runtime.ImportModuleError"
    assert outcome.log.count("INIT_REPORT") == 2


def test_a_handler_knows_how_long_it_has(function):
    """The deadline in the context is the function's time-out."""
    left = function("def handler(event, context):\n    return context.get_remaining_time_in_millis()\n", timeout=700)

    assert 600_000 < int(left().payload) <= 700_000


def test_an_environment_that_is_stopped_finishes_what_it_does(function):
    """New code, or the end of a function, breaks no call off."""
    code = """
        import time
        def handler(event, context):
            print("began", flush=True)
            time.sleep(event.get("seconds", 0))
            return "done"
    """
    busy = function(code)
    with ThreadPoolExecutor() as pool:
        call = pool.submit(busy, '{"seconds": 1}')
        while "began\n" not in busy.log:
            pass
        busy.sandbox.stop()
        outcome = call.result(timeout=60)

    assert outcome.payload == b'"done"'
    with pytest.raises(RuntimeError):
        busy()


def test_an_answer_that_is_too_large_is_refused(function):
    """More than Lambda carries is an error, not a cut answer."""
    outcome = function("def handler(event, context):\n    return 'x' * 7_000_000\n")()

    assert json.loads(outcome.payload)["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_init_that_takes_too_long_is_tried_again_within_the_call(function, monkeypatch):
    """After ten seconds of the machine's time, which loading code takes whatever the clock's speed."""
    monkeypatch.setattr(sandbox, "INIT_SECONDS", 0.0)

    outcome = function("import time\ntime.sleep(1.2)\ndef handler(event, context):\n    return 1\n")()

    assert outcome.payload == b"1"
    assert "Phase: init\tStatus: timeout" in outcome.log


def test_system_lines_are_text_where_the_functions_own_are_json(function):
    """The function's logger obeys LoggingConfig; START, END and REPORT do not."""
    code = "import logging\ndef handler(event, context):\n    logging.getLogger().error('told')\n"

    outcome = function(code, AWS_LAMBDA_LOG_FORMAT="JSON")()

    told = next(line for line in outcome.log.splitlines() if "told" in line)
    assert json.loads(told)["message"] == "told"
    assert outcome.log.count("REPORT RequestId: ") == 1


def test_a_runtime_that_is_neither_python_nor_node_is_refused():
    """The function says so by not becoming active."""
    version = SimpleNamespace(config=SimpleNamespace(runtime="java21"))

    with pytest.raises(LambdaRuntimeException, match="runtime java21 cannot run here"):
        ProcessRuntimeExecutor.prepare_version(version)
