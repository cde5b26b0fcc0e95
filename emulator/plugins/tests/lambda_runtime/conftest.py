"""A sandbox around a function of a few lines."""

import textwrap

import pytest
from localprocs.lambda_runtime import interpreter
from localprocs.lambda_runtime.runtime_api import Invocation
from localprocs.lambda_runtime.runtime_process import Launch
from localprocs.lambda_runtime.sandbox import FunctionTraits, Sandbox


class Function:
    """A function under test: call it, read its log."""

    def __init__(self, directory, code, timeout, variables):
        """Write the code and start the sandbox."""
        (directory / "app.py").write_text(textwrap.dedent(code))
        environment = interpreter.environment(
            variables, task_root=directory, layers=[], scratch=directory, inherited={}
        )
        self.log = []
        self.timeout = timeout
        self.sandbox = Sandbox(
            FunctionTraits("$LATEST", "python3.13", "us-east-1", 128),
            Launch(interpreter.command("app.handler"), environment, directory),
            lambda _at, text: self.log.append(text),
        )
        self.sandbox.start()

    def __call__(self, payload="{}"):
        """Invoke it."""
        return self.sandbox.invoke(Invocation("id", "arn", payload.encode(), "Root=1", self.timeout))


@pytest.fixture
def function(tmp_path):
    """Return a factory of functions, all stopped at the end."""
    made = []

    def make(code, timeout=50, **variables):
        made.append(Function(tmp_path, code, timeout, variables))
        return made[-1]

    yield make
    for each in made:
        each.sandbox.stop(at_once=True)
