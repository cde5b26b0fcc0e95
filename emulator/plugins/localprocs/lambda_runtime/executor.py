"""LocalStack's runtime executor, made of processes."""

import os
import shutil
import tempfile
import threading
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import Any

from localstack.aws.connect import connect_to
from localstack.runtime.events import infra_stopping
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from localprocs.lambda_runtime import interpreter, metrics, node
from localprocs.lambda_runtime.publisher import LogStream, Publisher
from localprocs.lambda_runtime.runtime_api import Invocation
from localprocs.lambda_runtime.runtime_process import Launch
from localprocs.lambda_runtime.sandbox import FunctionTraits, Sandbox

publisher = Publisher()
_running: Counter[str] = Counter()
_running_lock = threading.Lock()


class ProcessRuntimeExecutor(RuntimeExecutor):
    """Gives LocalStack's Lambda service a sandbox for each of its execution environments."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002 - LocalStack's name
        """Prepare; nothing is started."""
        super().__init__(id, function_version)
        self._sandbox: Sandbox | None = None
        self._scratch = Path(tempfile.mkdtemp(prefix="lambda-tmp-"))

    def start(self, env_vars: dict[str, Any]) -> None:
        """Begin the function's init."""
        function = self.function_version
        settings = function.config
        task_root = settings.code.get_unzipped_code_location()
        environment = interpreter.environment(
            env_vars,
            task_root=task_root,
            layers=[layer.code.get_unzipped_code_location() for layer in reversed(settings.layers) if layer.code],
            scratch=self._scratch,
            inherited=os.environ,
        )
        command = interpreter.command(settings.handler)
        if node.runs(settings.runtime):
            command = node.command()
            environment = node.environment(environment, runtime=settings.runtime, handler=settings.handler)
        group = settings.logging_config.get("LogGroup") or environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        environment["AWS_LAMBDA_LOG_GROUP_NAME"] = group
        stream = LogStream(
            group, environment["AWS_LAMBDA_LOG_STREAM_NAME"], cache(partial(_logs_client, dict(env_vars)))
        )
        self._sandbox = Sandbox(
            FunctionTraits(function.id.qualifier, settings.runtime, function.id.region, settings.memory_size),
            Launch(command, environment, task_root),
            partial(publisher.log, stream),
        )
        self._sandbox.start()

    def stop(self) -> None:
        """End the process, after its invocation if it has one, and remove its scratch directory."""
        if self._sandbox:
            self._sandbox.stop(at_once=infra_stopping.is_set())
        shutil.rmtree(self._scratch, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Carry out one invocation."""
        function = self.function_version
        arn = function.id.unqualified_arn()
        with _running_lock:
            _running[arn] += 1
            concurrent = _running[arn]
        try:
            outcome = self._running_sandbox().invoke(
                Invocation(
                    request_id=payload["invoke-id"],
                    function_arn=payload["invoked-function-arn"],
                    payload=payload["payload"].encode(),
                    trace_id=payload["trace-id"],
                    timeout_seconds=function.config.timeout,
                )
            )
        finally:
            with _running_lock:
                _running[arn] -= 1
        publisher.run(
            partial(
                metrics.invoked,
                function,
                duration_ms=outcome.duration_ms,
                is_error=outcome.is_error,
                concurrent=concurrent,
            )
        )
        return InvocationResult(payload["invoke-id"], outcome.payload, outcome.is_error, outcome.log)

    def get_address(self) -> str:
        """Return where the environment is."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Return where the environment finds LocalStack."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return nothing: the sandbox has a Runtime API of its own."""
        return ""

    def get_logs(self) -> str:
        """Return nothing: the logs are in CloudWatch Logs."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the function and its layers; refuse a runtime that is neither this Python nor Node."""
        settings = function_version.config
        if settings.runtime != interpreter.RUNTIME and not node.runs(settings.runtime):
            raise LambdaRuntimeException(
                f"runtime {settings.runtime} cannot run here, only {interpreter.RUNTIME} and nodejs"
            )
        for code in [settings.code, *(layer.code for layer in settings.layers)]:
            if code:
                code.prepare_for_execution()
        if node.runs(settings.runtime):
            try:
                node.require_sdk(settings.code.get_unzipped_code_location())
            except node.SdkMissing as error:
                raise LambdaRuntimeException(str(error)) from error

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the code: LocalStack removes it with the function."""

    def _running_sandbox(self) -> Sandbox:
        if self._sandbox is None:
            raise RuntimeError("the execution environment was not started")
        return self._sandbox


def _logs_client(env_vars: dict[str, str]) -> Any:
    return connect_to(
        aws_access_key_id=env_vars["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env_vars["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=env_vars["AWS_SESSION_TOKEN"],
        region_name=env_vars["AWS_REGION"],
    ).logs
