"""Functions: environments, time-outs, crashes, logs, metrics, concurrency."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from botocore.exceptions import ClientError
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.lambda_scene import Scene
from tests.patience import until
from tests.processes import kill

COUNT = """
    import os, time
    calls = []
    def handler(event, context):
        calls.append(1)
        print("call", len(calls), os.getpid(), flush=True)
        time.sleep(event.get("seconds", 0))
        if "error" in event:
            raise ValueError(event["error"])
        return {"calls": len(calls), "pid": os.getpid()}
"""


@pytest.fixture
def scene(emulator: Clients) -> Iterator[Scene]:
    """A role of its own, and what the test makes of it."""
    made = Scene(emulator)
    yield made
    made.clear()


def test_an_environment_is_used_again_and_its_log_tells_of_it(scene: Scene) -> None:
    """The second call finds the first one's memory; only the first one had an init."""
    function = scene.function(COUNT)

    assert [scene.invoke(function)[0]["calls"] for _ in range(2)] == [1, 2]

    reports = scene.logged(function, "REPORT RequestId", 2)
    assert ["Init Duration" in line for line in reports] == [True, False]
    assert [line.split()[0] for line in scene.log(function)][:4] == ["INIT_START", "START", "call", "END"]


def test_a_function_that_takes_too_long_is_ended(scene: Scene) -> None:
    """The caller reads the limit; the next call finds a new environment."""
    function = scene.function(COUNT, Timeout=5)
    scene.invoke(function)

    error, kind = scene.invoke(function, seconds=600)
    after, _ = scene.invoke(function)

    assert (kind, error["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert error["errorMessage"].endswith("Task timed out after 5.00 seconds")
    assert after["calls"] == 1


def test_a_process_killed_in_the_middle_of_a_call_is_an_exit_error(scene: Scene, clock: Clock) -> None:
    """And the next call is served."""
    function = scene.function(COUNT)
    pid = scene.invoke(function)[0]["pid"]
    clock.pause()  # the call does not end by itself
    with ThreadPoolExecutor() as pool:
        call = pool.submit(scene.invoke, function, seconds=600)
        scene.logged(function, "call 2")
        kill(psutil.Process(pid))
        error, kind = call.result(60)
    clock.resume()

    assert (kind, error["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert error["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert scene.invoke(function)[0]["calls"] == 1


def test_an_exception_and_a_broken_import_are_told_apart(scene: Scene) -> None:
    """Type, message and stack trace reach the caller."""
    error, kind = scene.invoke(scene.function(COUNT), error="wrong")
    broken, _ = scene.invoke(scene.function("import no_such_module"))

    assert (kind, error["errorType"], error["errorMessage"]) == ("Unhandled", "ValueError", "wrong")
    assert error["stackTrace"]
    assert broken["errorType"] == "Runtime.ImportModuleError"


def test_a_function_acts_as_its_role_and_sees_nothing_of_the_emulator(scene: Scene) -> None:
    """boto3 comes with the runtime, credentials and region with the environment."""
    code = """
        import boto3, importlib.util, os
        def handler(event, context):
            return {
                "arn": boto3.client("sts").get_caller_identity()["Arn"],
                "foreign": [name for name in ("localstack", "moto") if importlib.util.find_spec(name)],
                "told": [name for name in os.environ if "LOCALSTACK" in name],
                "runtime": os.environ["AWS_EXECUTION_ENV"],
            }
    """
    told, _ = scene.invoke(scene.function(code))

    assert told["arn"].split("/")[1] == scene.role_name
    assert (told["foreign"], told["told"]) == ([], [])
    assert told["runtime"] == "AWS_Lambda_python3.13"


def test_reserved_concurrency_throttles_and_counts(scene: Scene) -> None:
    """What there is no room for is refused at once."""
    function = scene.function(COUNT)
    scene.emulator.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)

    with pytest.raises(ClientError) as refused:
        Clients(scene.emulator.endpoint_url).lambda_.invoke(FunctionName=function)

    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    until(lambda: scene.sum("Throttles", function) >= 1, what="the metric")


def test_errors_and_durations_are_metrics(scene: Scene) -> None:
    """Each call counts, also with nothing to complain of."""
    function = scene.function(COUNT)
    scene.invoke(function)
    scene.invoke(function, error="wrong")

    until(lambda: scene.sum("Invocations", function) == 2, what="the metrics")
    assert scene.sum("Errors", function) == 1
    assert scene.sum("Duration", function) > 0
